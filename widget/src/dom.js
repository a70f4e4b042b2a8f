// Everything the widget shows is built from nodes here: no markup is ever parsed from text.

const SVG = "http://www.w3.org/2000/svg";

function fill(node, props, children) {
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.filter((child) => child !== undefined && child !== null && child !== false));
  return node;
}

/** An HTML element: attributes by name, listeners as `onclick: fn`; strings become text nodes. */
export const el = (tag, props = {}, ...children) => fill(document.createElement(tag), props, children);

/** A drawing that assistive technology skips; `paths` are the `d` of its strokes. */
export const icon = (paths, size = 20, box = 24) =>
  fill(
    document.createElementNS(SVG, "svg"),
    { class: "icon", viewBox: `0 0 ${box} ${box}`, width: size, height: size, "aria-hidden": "true", focusable: "false" },
    [].concat(paths).map((d) => fill(document.createElementNS(SVG, "path"), { d }, [])),
  );

const SAFE = new Set(["https:", "mailto:", "tel:", "sms:"]);

/** The address when a person may be sent there, else undefined: `javascript:`, `data:` and friends stay plain text. */
export function safeUrl(address) {
  if (typeof address !== "string" || !/^[a-z]+:/i.test(address)) return undefined;
  try {
    const url = new URL(address);
    return SAFE.has(url.protocol) && !url.username ? url.href : undefined;
  } catch {
    return undefined;
  }
}

/** A link that opens beside the conversation; plain text when the address is not one we follow. */
export function link(address, label, props = {}, ...children) {
  const href = safeUrl(address);
  if (!href) return document.createTextNode(label);
  const away = href.startsWith("https:") ? { target: "_blank", rel: "noopener noreferrer" } : {};
  return el("a", { href, ...away, ...props }, label, ...children);
}

/** A string of at most `limit` characters, or "" for anything that is not one. */
export const text = (value, limit = 8000) => (typeof value === "string" ? value.slice(0, limit) : "");

/** The array itself, cut to `limit`, or an empty one. */
export const list = (value, limit = 60) => (Array.isArray(value) ? value.slice(0, limit) : []);

/** The plain object itself, or an empty one: only its own properties are read afterwards. */
export const record = (value) => (value && typeof value === "object" && !Array.isArray(value) ? value : {});
