// One script tag gives a launcher; a <hair-answers-chat> already on the page is used instead.
import { HairAnswersChat } from "./chat.js";

const NAME = "hair-answers-chat";
const script = document.currentScript;
if (script?.src) HairAnswersChat.origin = script.src.replace(/\/chat\/widget\.js.*$/, "");

if (!customElements.get(NAME)) customElements.define(NAME, HairAnswersChat);

function launch() {
  if (document.querySelector(NAME)) return;
  const chat = document.createElement(NAME);
  chat.setAttribute("mode", "launcher");
  const options = { server: "server", title: "heading", label: "label", accent: "accent", position: "position", lang: "lang", dir: "dir", theme: "theme", open: "open", greeting: "greeting" };
  for (const [from, to] of Object.entries(options)) if (from in script.dataset) chat.setAttribute(to, script.dataset[from]);
  document.body.append(chat);
}

if (script && script.dataset.launcher !== "off") {
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", launch);
  else launch();
}
