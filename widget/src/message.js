// One message to nodes: the answer, then what it rests on, then what to do next.
import { el, icon, link, list, record, safeUrl, text } from "./dom.js";
import { CARE, DOWN_THUMB, PHONE, STEPS, UP_THUMB } from "./icons.js";
import { markdown, plain } from "./markdown.js";

const REASONS = ["not_my_question", "unclear", "incomplete", "wrong"];
const word = (value) => text(value, 40).toLowerCase().replace(/[^a-z0-9_-]/g, "");

/** A date such as 2026-11-22 in the reader's language, or "" when it is not one. */
function day(value, lang) {
  const date = /^\d{4}-\d{2}-\d{2}$/.test(value) ? new Date(`${value}T00:00:00Z`) : NaN;
  if (Number.isNaN(+date)) return "";
  return new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeZone: "UTC" }).format(date);
}

/** The four steps as one drawing; the one this answer is about is marked, each can be asked for. */
function drawing(steps, { say }, ask) {
  const titles = list(steps.titles, STEPS.length).map((title) => text(title, 60));
  if (titles.length !== STEPS.length) return undefined;
  const current = Number(steps.current);
  const items = titles.map((title, i) => {
    const here = current === i + 1;
    const payload = text(list(steps.payloads)[i], 200);
    const face = [
      el("span", { class: "sr" }, `${say("step", { n: i + 1 })}: `),
      icon(STEPS[i], 30),
      el("span", { class: "step-title" }, title),
      here && el("span", { class: "sr" }, ` ${say("current_step")}`),
    ];
    const button = payload && !here;
    return el(
      "li",
      { class: here ? "here" : null, "aria-current": here ? "step" : null },
      button
        ? el("button", { type: "button", onclick: () => ask(payload, title, text(list(steps.tickets)[i], 64)) }, ...face)
        : el("div", {}, ...face),
    );
  });
  return el("figure", { class: "steps" }, el("figcaption", {}, say("steps")), el("ol", {}, ...items));
}

/** Numbers of the sources a cell rests on, as they stand in the list below the answer. */
function references(keys, sources, { say }) {
  const numbers = list(keys).map((key) => sources.findIndex((s) => record(s).key === key) + 1).filter((n) => n > 0);
  if (!numbers.length) return undefined;
  const shown = numbers.join(", ");
  return el("span", { class: "refs" }, el("span", { class: "sr" }, ` ${say("source_numbers", { n: shown })}`), el("span", { "aria-hidden": "true" }, ` [${shown}]`));
}

/** A real table; the style sheet folds its rows into cards where it is narrow, the roles keep it a table there too. */
function grid(table, title, sources, strings) {
  const columns = list(table.columns, 8).map((c) => text(c, 80));
  const rows = list(table.rows, 40).map(record);
  if (!columns.length || !rows.length) return undefined;
  const heads = columns.length > list(rows[0].cells).length ? columns.slice(1) : columns;
  const corner = columns.length > heads.length ? columns[0] : "";
  const head = el(
    "tr",
    { role: "row" },
    corner ? el("th", { role: "columnheader", scope: "col" }, corner) : el("td", { role: "cell" }),
    ...heads.map((c) => el("th", { role: "columnheader", scope: "col" }, c)),
  );
  const body = rows.map((row) =>
    el(
      "tr",
      { role: "row" },
      el("th", { role: "rowheader", scope: "row" }, text(row.label, 200)),
      ...heads.map((name, i) => {
        const cell = record(list(row.cells)[i]);
        return el(
          "td",
          { role: "cell" },
          el("span", { class: "col", "aria-hidden": "true" }, name),
          el("span", {}, plain(text(cell.text)), references(cell.sources, sources, strings)),
        );
      }),
    ),
  );
  return el(
    "table",
    { role: "table", "data-columns": heads.length },
    el("caption", { class: "sr" }, title),
    el("thead", { role: "rowgroup" }, head),
    el("tbody", { role: "rowgroup" }, ...body),
  );
}

/** Help lines as large links that call, text or open. */
function lines(helplines, { say }) {
  const links = list(helplines, 12).map(record).map((line) => {
    const name = text(line.name, 120);
    const number = text(line.number, 300);
    const dial = number.replace(/[^\d+*#]/g, "");
    const href = line.kind === "url" ? safeUrl(number) : dial && `${line.kind === "sms" ? "sms" : "tel"}:${dial}`;
    if (!name || !href) return undefined;
    const label = line.kind === "url" ? name : say(line.kind === "sms" ? "message" : "call", { name });
    const shown = line.kind === "url" ? new URL(href).host : number;
    const note = text(line.note, 120);
    const face = el("span", {}, el("strong", {}, label), el("span", { class: "number" }, shown), note && el("small", {}, note));
    return el("li", {}, link(href, "", { class: "line" }, icon(PHONE), face));
  });
  const items = links.filter(Boolean);
  return items.length ? el("ul", { class: "lines", "aria-label": say("helplines") }, ...items) : undefined;
}

/** What the answer rests on: the grade, the review date, and the sources folded under one line. */
function basis(meta, strings) {
  const { say, lang } = strings;
  const grade = meta.evidence !== "none" && text(meta.evidence_label, 200);
  const date = meta.evidence && day(text(meta.reviewed, 10), lang);
  const sources = list(meta.sources).map(record);
  const line = text(meta.source_line, 400);
  const origin = text(meta.origin_label, 300);
  if (!sources.length && !line && !grade) return undefined;
  const entries = sources.map((source) =>
    el("li", {}, link(text(source.url, 2000), text(source.title, 400)), text(source.publisher) && el("small", {}, text(source.publisher, 200))),
  );
  return el(
    "div",
    { class: "basis" },
    (grade || date) &&
      el(
        "p",
        { class: "facts" },
        grade && el("span", { class: `badge ${word(meta.evidence)}` }, `${say("evidence")}: ${grade}`),
        date && el("span", { class: "date" }, say("reviewed", { date })),
      ),
    entries.length
      ? el("details", { ontoggle: ({ target }) => target.open && target.scrollIntoView({ block: "nearest" }) }, el("summary", {}, say("sources", { n: entries.length })), origin && el("p", {}, origin), el("ol", {}, ...entries))
      : line && el("p", { class: "plain-source" }, line),
  );
}

/** Thumbs up or down, and a reason after down. */
function opinion(answer, { say }, rate) {
  const group = el("div", { class: "rate", role: "group", "aria-label": say("helpful") });
  const done = () => {
    group.replaceChildren(el("p", { tabindex: "-1" }, say("thanks")));
    group.firstChild.focus();
  };
  const give = (rating, reason) => {
    rate({ answer, rating, reason });
    done();
  };
  const reasons = () => {
    const buttons = REASONS.map((reason) => el("button", { type: "button", onclick: () => give("down", reason) }, say(`why_${reason}`)));
    group.replaceChildren(el("p", {}, say("why")), el("div", { class: "reasons" }, ...buttons));
    buttons[0].focus();
  };
  group.append(
    el("span", { "aria-hidden": "true" }, say("helpful")),
    el("button", { type: "button", class: "round", "aria-label": say("yes"), onclick: () => give("up") }, icon(UP_THUMB, 18)),
    el("button", { type: "button", class: "round", "aria-label": say("no"), onclick: reasons }, icon(DOWN_THUMB, 18)),
  );
  return group;
}

/** Next questions as buttons; a tap asks with the payload the bot offered. */
function chips(buttons, { say }, ask) {
  const items = list(buttons, 12).map(record).filter((b) => text(b.title) && text(b.payload));
  if (!items.length) return undefined;
  return el(
    "ul",
    { class: "chips", "aria-label": say("suggestions") },
    ...items.map((b) =>
      el("li", {}, el("button", { type: "button", onclick: () => ask(text(b.payload, 200), text(b.title, 120), text(b.ticket, 64)) }, text(b.title, 120))),
    ),
  );
}

const stamp = (time, lang) =>
  el("time", { datetime: new Date(time).toISOString() }, new Intl.DateTimeFormat(lang, { timeStyle: "short" }).format(time));

/** A bot message {text, buttons, metadata, time}; `act` holds ask(payload, title, ticket) and rate(opinion). */
export function botMessage(message, strings, act) {
  const meta = record(message.metadata);
  const tier = record(meta.safety).tier ?? null; // 0 is the most urgent
  const safety = tier === null ? "" : `safety tier-${word(String(tier))}`;
  const title = text(meta.title, 120);
  const answer = [].concat(meta.answer ?? []).filter((key) => typeof key === "string").join(" ").slice(0, 200);
  const rated = answer && title && !safety && !/^(fallback|small_talk)\//.test(answer);
  const table = grid(record(meta.table), title || strings.say("conversation"), list(meta.sources), strings);
  return el(
    "article",
    { class: ["message bot", safety, table && "has-table"].filter(Boolean).join(" "), tabindex: "-1", "data-answer": answer || null },
    el("span", { class: "sr" }, `${strings.say("bot")}: `),
    el(
      "div",
      { class: "bubble", dir: "auto" },
      title && !answer.includes(" ") && el("h3", {}, safety && icon(CARE, 18), title),
      el("div", { class: "words" }, ...markdown(text(message.text))),
      drawing(record(meta.steps), strings, act.ask),
      table,
      lines(meta.helplines, strings),
      basis(meta, strings),
      rated && opinion(answer, strings, act.rate),
      stamp(message.time, strings.lang),
    ),
    chips(message.buttons, strings, act.ask),
  );
}

/** What the person said {text, state, error, time}; `retry` when it did not get through. */
export function userMessage(message, strings, retry) {
  const { say, has } = strings;
  const state = has(message.state) ? message.state : "sent"; // sent needs no word
  const failed = state === "failed";
  return el(
    "article",
    { class: `message user ${state}`, tabindex: "-1" },
    el("span", { class: "sr" }, `${say("you")}: `),
    el("div", { class: "bubble", dir: "auto" }, el("div", { class: "words" }, text(message.text)), stamp(message.time, strings.lang)),
    state !== "sent" && el("p", { class: "state" }, failed ? `${say("failed")} ${text(message.error)}` : say(state)),
    failed && el("button", { type: "button", class: "plain", onclick: retry }, say("retry")),
  );
}

/** A line of the widget's own. */
export const note = (message) => el("p", { class: "note", dir: "auto" }, text(message.text));

/** One message as plain text, for screen readers, copying and printing. */
export function spoken(message) {
  const meta = record(message.metadata);
  const table = record(meta.table);
  const rows = list(table.rows, 40).map(record).map((r) => `${text(r.label)}: ${list(r.cells).map((c) => text(record(c).text)).join("; ")}`);
  const helplines = list(meta.helplines, 12).map(record).map((h) => `${text(h.name)}: ${text(h.number)}`);
  const title = text(meta.title);
  return [title, plain(text(message.text)), ...rows, ...helplines].filter(Boolean).join("\n");
}

/** The same with its sources, one address a line: what a person takes away. */
export function takeaway(message) {
  const meta = record(message.metadata);
  const sources = list(meta.sources).map(record).map((s) => `  ${text(s.title)} ${safeUrl(s.url) ?? ""}`.trimEnd());
  return [spoken(message), text(meta.source_line), ...sources].filter(Boolean).join("\n");
}
