// One message: who, when, what, and what can be done with it.

import { blocks } from "/page/blocks.js";
import { el } from "/page/dom.js";
import { mrkdwn, symbol } from "/page/mrkdwn.js";
import { act, store, userName } from "/page/store.js";

const COLOURS = ["#7a4b9e", "#b0553a", "#2f7a4f", "#8a6d1d", "#a23b6a", "#3b62a8"];

function face(id) {
  if (id === store.bot) return el("span", { class: "face bot", "aria-hidden": "true" }, "☸");
  const letters = userName(id).split(" ").map((word) => word[0]).join("").slice(0, 2);
  const face = el("span", { class: "face", "aria-hidden": "true" }, letters);
  face.style.background = COLOURS[[...id].reduce((sum, c) => sum + c.charCodeAt(0), 0) % COLOURS.length];
  return face;
}

const timeOf = (ts) => new Date(Number(ts) * 1000);

/** The message as an element. `openThread` is absent where the message is in its thread already. */
export function messageElement(channel, message, openThread) {
  const time = timeOf(message.ts);
  const isMine = message.user === store.me && message.subtype !== "tombstone";
  const name = el("span", { class: "name" }, message.username ?? userName(message.user));
  const head = el("div", { class: "head" }, name);
  if (message.bot_id) head.append(el("span", { class: "tag" }, "APP"));
  const { locale, tz: timeZone } = store.users.get(store.me);
  head.append(el("time", { datetime: time.toISOString(), title: time.toLocaleString(locale, { timeZone }) },
    time.toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit", timeZone })));
  const body = el("div", { class: "content" });
  if (message.is_ephemeral) body.append(el("p", { class: "only-you" }, "👁 Only visible to you"));
  body.append(head, ...content(channel, message));
  if (openThread && message.reply_count) body.append(threadLink(message, openThread));
  return el("article", {
    class: `message ${message.is_ephemeral ? "ephemeral" : ""} ${message.subtype === "tombstone" ? "faint" : ""}`,
    "data-ts": message.ts,
    "aria-label": `${userName(message.user)}: ${message.text || "a file"}`.slice(0, 300),
  }, face(message.user), body, tools(channel, message, isMine, openThread));
}

function content(channel, message) {
  const found = [];
  // What people typed is drawn from their text: it has the marks that its rich text has not.
  if (message.blocks?.length && !message._typed) {
    found.push(el("div", { class: "blocks" }, blocks(message.blocks, { channel: channel.id, ts: message.ts })));
  } else if (message.text) {
    found.push(el("div", { class: "text" }, mrkdwn(message.text, Boolean(message._typed))));
  }
  if (message.edited) found.push(el("span", { class: "faint" }, "(edited)"));
  for (const attachment of message.attachments ?? []) {
    found.push(el("blockquote", {}, mrkdwn(attachment.text ?? attachment.fallback ?? "", false)));
  }
  for (const file of message.files ?? []) found.push(fileElement(file));
  if (message.reactions?.length) {
    found.push(el("div", { class: "reactions" }, message.reactions.map((r) => el(
      "span", { class: "reaction", title: r.users.map(userName).join(", ") }, symbol(r.name), ` ${r.count}`,
    ))));
  }
  return found;
}

function fileElement(file) {
  const address = `/page-data/file/${file.id}`;
  const name = el("a", { href: address, target: "_blank", rel: "noopener" }, file.title || file.name);
  const size = file.size < 1024 ? `${file.size} B` : `${(file.size / 1024).toFixed(1)} KB`;
  const caption = el("div", { class: "file-name" }, "📄 ", name, el("span", { class: "faint" }, ` ${size}`));
  if (/^image\/(png|jpeg|gif|webp)$/.test(file.mimetype)) {
    return el("div", { class: "file" }, caption, el("img", { src: address, alt: file.alt_txt ?? file.title }));
  }
  const preview = file.preview ? el("pre", { tabindex: "0" }, file.preview.split("\n").slice(0, 12).join("\n")) : null;
  return el("div", { class: "file" }, caption, preview);
}

function threadLink(message, openThread) {
  const count = message.reply_count === 1 ? "1 reply" : `${message.reply_count} replies`;
  return el("button", { type: "button", class: "replies", on: { click: () => openThread(message.ts) } }, `💬 ${count}`);
}

function tools(channel, message, isMine, openThread) {
  if (message.is_ephemeral || message.subtype === "tombstone") return null;
  const place = { channel: channel.id, ts: message.ts };
  const found = [];
  const add = (label, click) => found.push(el("button", { type: "button", on: { click } }, label));
  if (openThread) add("Reply", () => openThread(message.ts));
  for (const shortcut of store.app.shortcuts.filter((s) => s.kind === "message")) {
    add(shortcut.name, () => act("shortcut", { ...place, callback_id: shortcut.callback_id }));
  }
  if (isMine) {
    add("Edit", (event) => edit(event.target.closest("article"), place, message));
    add("Delete", () => act("delete", place));
  }
  return found.length ? el("div", { class: "tools", role: "group", "aria-label": "Message" }, found) : null;
}

function edit(article, place, message) {
  const area = el("textarea", { "aria-label": "Edit the message", rows: "3" });
  area.value = message._typed ?? "";
  const form = el("form", {
    class: "edit", on: {
      submit(event) {
        event.preventDefault();
        act("edit", { ...place, text: area.value });
      },
      keydown(event) {
        if (event.key === "Escape") form.replaceWith(...old);
      },
    },
  }, area, el("button", { class: "button primary" }, "Save"),
  el("button", { type: "button", class: "button", on: { click: () => form.replaceWith(...old) } }, "Cancel"));
  const old = [...article.querySelectorAll(".content > .text, .content > .blocks")];
  old.slice(1).forEach((e) => e.remove());
  if (old.length) old[0].replaceWith(form);
  else article.querySelector(".content").append(form);
  area.focus();
}
