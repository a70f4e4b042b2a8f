// The answers' CommonMark subset (paragraphs, **bold**, *italic*, lists, [text](https://…)) to nodes, never to HTML.
import { el, link } from "./dom.js";

const INLINE =
  /\\([\\`*_{}[\]()#+\-.!])|\*\*(.+?)\*\*|\*([^*\s](?:[^*]*[^*\s])?)\*|\b_([^_]+)_\b|\[([^\]]+)\]\(([^)\s]+)\)|(https:\/\/[^\s<>()]*[^\s<>().,;:!?'"])/g;
const BULLET = /^\s*[-*•]\s+(.*)/;
const NUMBER = /^\s*(\d{1,3})[.)]\s+(.*)/;

function inline(source, depth = 0) {
  if (depth > 4) return [source];
  const nodes = [];
  let from = 0;
  for (const match of source.matchAll(INLINE)) {
    const [whole, escaped, bold, star, under, label, address, bare] = match;
    nodes.push(source.slice(from, match.index));
    from = match.index + whole.length;
    if (escaped) nodes.push(escaped);
    else if (bold) nodes.push(el("strong", {}, ...inline(bold, depth + 1)));
    else if (star || under) nodes.push(el("em", {}, ...inline(star || under, depth + 1)));
    else if (label) nodes.push(link(address, label));
    else nodes.push(link(bare, bare));
  }
  nodes.push(source.slice(from));
  return nodes.filter((node) => node !== "");
}

function block(lines) {
  const nodes = [];
  let run;
  for (const line of lines) {
    const bullet = BULLET.exec(line);
    const number = !bullet && NUMBER.exec(line);
    const heading = /^#{1,6}\s+(.*)/.exec(line);
    if (heading) {
      run = undefined;
      nodes.push({ tag: "h4", items: [heading[1]] });
    } else if (bullet || number) {
      const tag = bullet ? "ul" : "ol";
      if (run?.tag !== tag) nodes.push((run = { tag, start: number && Number(number[1]), items: [] }));
      run.items.push(bullet ? bullet[1] : number[2]);
    } else if (run) {
      run.items[run.items.length - 1] += ` ${line.trim()}`; // a wrapped line goes on where it was
    } else {
      nodes.push((run = { tag: "p", items: [line.trim()] }));
    }
  }
  return nodes;
}

/** Nodes of one answer text. Blank lines part paragraphs; a list may go on after one. */
export function markdown(source) {
  const blocks = [];
  for (const part of source.replace(/\r\n?/g, "\n").split(/\n\s*\n/)) {
    for (const next of block(part.split("\n").filter((line) => line.trim()))) {
      const last = blocks.at(-1);
      const goesOn = last && last.tag === next.tag && (next.tag === "ul" || (next.tag === "ol" && next.start !== 1));
      if (goesOn) last.items.push(...next.items);
      else blocks.push(next);
    }
  }
  return blocks.map(({ tag, start, items }) => {
    if (tag === "p" || tag === "h4") return el(tag, {}, ...inline(items.join(" ")));
    return el(tag, { start: start > 1 && start }, ...items.map((item) => el("li", {}, ...inline(item))));
  });
}

/** What a screen reader is told and what copying yields: the same text without its marks. */
export const plain = (source) =>
  el("div", {}, ...markdown(source).flatMap((node) => [node.localName.endsWith("l") ? lines(node) : node.textContent, "\n"]))
    .textContent.trim();

const lines = (node) => [...node.children].map((item) => `- ${item.textContent}`).join("\n");
