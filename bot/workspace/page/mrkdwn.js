// Slack's mrkdwn as elements: links and mentions in angle brackets, *bold*, _italic_, ~struck~, `code`, quotes, emoji.

import { el } from "/page/dom.js";
import { emoji } from "/page/emoji.js";
import { store, userName } from "/page/store.js";

const unescape = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

/** Text as elements. `verbatim` false: bare addresses and @here become live, as Slack does. */
export function mrkdwn(text, verbatim = true) {
  const found = [];
  text.split(/```\n?([\s\S]*?)\n?```/).forEach((part, i) => {
    if (i % 2) found.push(el("pre", {}, plainAngles(part)));
    else found.push(...paragraphs(part, verbatim));
  });
  return found;
}

function paragraphs(text, verbatim) {
  const found = [];
  let quote = null;
  const lines = text.split("\n");
  lines.forEach((line, i) => {
    const quoted = /^&gt; ?(.*)$/.exec(line);
    if (quoted) {
      if (!quote) {
        quote = el("blockquote");
        found.push(quote);
      } else {
        quote.append(el("br"));
      }
      quote.append(...inline(quoted[1], verbatim));
      return;
    }
    if (!quote && i > 0) found.push(el("br"));
    quote = null;
    found.push(...inline(line, verbatim));
  });
  return found;
}

const TOKENS = [
  [/`([^`\n]+)`/, (m) => el("code", {}, plainAngles(m[1]))],
  [/<([^<>]+)>/, (m) => angle(m[1])],
  [/:([a-z0-9_+-]+):/, (m) => symbol(m[1])],
  [/(?<![\w*])\*(?=\S)([^*\n]*\S)\*(?![\w*])/, (m, v) => el("strong", {}, inline(m[1], v))],
  [/(?<!\w)_(?=\S)([^_\n]*\S)_(?!\w)/, (m, v) => el("em", {}, inline(m[1], v))],
  [/(?<![\w~])~(?=\S)([^~\n]*\S)~(?![\w~])/, (m, v) => el("s", {}, inline(m[1], v))],
];
const LOOSE = [
  [/https?:\/\/[^\s<>|]+/, (m) => link(unescape(m[0]), unescape(m[0]))],
  [/(?<!\w)@(here|channel|everyone)\b/, (m) => mention(m[0])],
];

function inline(text, verbatim) {
  const rules = verbatim ? TOKENS : [...TOKENS, ...LOOSE];
  const found = [];
  let rest = text;
  while (rest) {
    let first = null;
    for (const [pattern, make] of rules) {
      const match = pattern.exec(rest);
      if (match && (!first || match.index < first.match.index)) first = { match, make };
    }
    if (!first) break;
    if (first.match.index) found.push(unescape(rest.slice(0, first.match.index)));
    found.push(first.make(first.match, verbatim));
    rest = rest.slice(first.match.index + first.match[0].length);
  }
  if (rest) found.push(unescape(rest));
  return found;
}

/** What is in angle brackets, inside code: shown as it was typed. */
function plainAngles(text) {
  return unescape(text.replace(/<([^<>|]+)(?:\|([^<>]*))?>/g, (_, target, label) => label || target));
}

function angle(inside) {
  const [target, label] = inside.split("|", 2);
  if (target.startsWith("@")) return mention(`@${userName(target.slice(1))}`, target.slice(1) === store.me);
  if (target.startsWith("#")) return mention(`#${store.channels.get(target.slice(1))?.name ?? label ?? target}`);
  if (target.startsWith("!subteam^")) return mention(`@${store.groups.get(target.slice(9))?.handle ?? label ?? "group"}`);
  if (target.startsWith("!date^")) return moment(target, label);
  if (target.startsWith("!")) return mention(`@${target.slice(1)}`, true);
  return link(unescape(target), unescape(label ?? target));
}

function moment(target, label) {
  const seconds = Number(target.split("^")[1]);
  const time = new Date(seconds * 1000);
  if (Number.isNaN(time.getTime())) return unescape(label ?? "");
  const me = store.users.get(store.me);
  return el("time", { datetime: time.toISOString(), title: unescape(label ?? "") }, time.toLocaleString(me.locale, {
    dateStyle: "medium", timeStyle: "short", timeZone: me.tz,
  }));
}

export function mention(text, me = false) {
  return el("span", { class: me ? "mention me-mentioned" : "mention" }, text);
}

/** A link, when its address is one that a browser may follow. */
export function link(target, label) {
  if (!/^(https?|mailto):/.test(target)) return label;
  return el("a", { href: target, target: "_blank", rel: "noopener noreferrer" }, label);
}

export function symbol(name) {
  const sign = emoji[name];
  return sign ? el("span", { role: "img", "aria-label": name.replaceAll("_", " "), class: "emoji" }, sign) : `:${name}:`;
}

/** Plain text; only :emoji: is drawn. */
export function plain(text) {
  return text.split(/:([a-z0-9_+-]+):/).map((part, i) => (i % 2 ? symbol(part) : part));
}
