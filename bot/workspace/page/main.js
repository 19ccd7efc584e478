// The page: which channel, thread or Home is shown, and what changes as it happens.

import { blocks, valuesIn } from "/page/blocks.js";
import { composer, sendText } from "/page/composer.js";
import { el } from "/page/dom.js";
import { messageElement } from "/page/messages.js";
import { act, channelName, follow, load, store, take, userName } from "/page/store.js";

const $ = (id) => document.getElementById(id);
const shown = { channel: null, thread: null, home: false };
let source;

const main = composer($("composer"), "text", () => ({ channel: shown.channel }));
const reply = composer($("reply"), "reply-text", () => ({ channel: shown.channel, thread_ts: shown.thread }));

const current = () => store.channels.get(shown.channel);
const isTop = (message) => !message.thread_ts || message.thread_ts === message.ts || message.subtype === "thread_broadcast";

// Drawing

function drawSide() {
  const items = { channels: [], direct: [] };
  for (const channel of store.channels.values()) {
    const active = !shown.home && channel.id === shown.channel;
    const sign = channel.is_im ? "●" : channel.is_private ? "🔒" : "#";
    items[channel.is_im ? "direct" : "channels"].push(el("li", {}, el("button", {
      type: "button", class: channel.unread ? "unread" : "", "aria-current": active ? "page" : null,
      "data-channel": channel.name || "direct", on: { click: () => openChannel(channel.id) },
    }, el("span", { class: "sign", "aria-hidden": "true" }, sign), channelName(channel),
    channel.unread ? el("span", { class: "count", "aria-label": `${channel.unread} new` }, String(channel.unread)) : null)));
  }
  if (store.app.home_tab) {
    items.direct.push(el("li", {}, el("button", {
      type: "button", "aria-current": shown.home ? "page" : null, "data-channel": "home", on: { click: openHome },
    }, el("span", { class: "sign", "aria-hidden": "true" }, "⌂"), `${store.app.name} home`)));
  }
  for (const [id, list] of Object.entries(items)) $(id).replaceChildren(...list);
}

function drawChannel() {
  const channel = current();
  $("title").textContent = shown.home ? store.app.name : `${channel.is_im ? "" : "# "}${channelName(channel)}`;
  const bot = channel.has_bot ? "" : ` · ${store.app.name} is not in this channel`;
  $("topic").textContent = shown.home ? "Home" : (channel.topic || "") + (channel.is_archived ? " · archived" : bot);
  document.title = `${$("title").textContent} · Workspace`;
  $("home").hidden = !shown.home;
  $("messages").hidden = $("composer").hidden = shown.home;
  $("composer").hidden ||= channel.is_archived;
  if (shown.home) drawHome();
  else {
    const list = [...channel.messages.values()].filter((m) => isTop(m));
    $("messages").replaceChildren(...list.map((m) => messageElement(channel, m, openThread)));
    if (!list.length) $("messages").append(el("p", { class: "empty" }, "Nothing here yet. Say something."));
    toEnd($("messages"));
  }
  drawThread();
}

function drawThread() {
  const open = shown.thread !== null && !shown.home;
  $("thread").hidden = !open;
  if (!open) return;
  const channel = current();
  const list = [...channel.messages.values()].filter((m) => m.ts === shown.thread || m.thread_ts === shown.thread);
  $("replies").replaceChildren(...list.map((m) => messageElement(channel, m, null)));
  toEnd($("replies"));
}

function drawHome() {
  const place = store.home ? { view_id: store.home.id } : {};
  $("home").dataset.view = store.home?.id ?? "";
  $("home").replaceChildren(...(store.home ? blocks(store.home.blocks, place) : [
    el("p", { class: "empty" }, `${store.app.name} has not written its Home yet.`),
  ]));
}

function drawTries() {
  $("tries").replaceChildren(...(store.suggestions.length ? [el("h2", {}, "Try")] : []), ...store.suggestions.map((s) => el(
    "button", { type: "button", class: "chip", title: s.text.slice(0, 400), on: { click: () => attempt(s) } }, s.label,
  )));
}

async function attempt(suggestion) {
  if (!suggestion.text && !Object.keys(suggestion.files).length) return openHome();
  const channel = [...store.channels.values()].find((c) => c.name === suggestion.channel) ?? current();
  openChannel(channel.id);
  if (Object.keys(suggestion.files).length) {
    return act("say", { channel: channel.id, text: suggestion.text, files: suggestion.files });
  }
  return sendText(channel.id, suggestion.text);
}

function drawModal() {
  const dialog = $("modal");
  const view = [...store.views.values()].at(-1);
  if (!view) {
    dialog.close();
    return;
  }
  const form = el("form", {
    class: "modal", "data-view": view.id, on: {
      async submit(event) {
        event.preventDefault();
        form.querySelectorAll("[data-error]").forEach((e) => { e.textContent = ""; });
        const answer = await act("submit", { view_id: view.id, values: valuesIn(form) });
        for (const [block, text] of Object.entries(answer.errors ?? {})) {
          form.querySelector(`[data-error="${CSS.escape(block)}"]`).textContent = text;
        }
      },
    },
  },
  el("h2", { id: "modal-title" }, view.title.text),
  blocks(view.blocks, { view_id: view.id }),
  el("div", { class: "choices" },
    el("button", { type: "button", class: "button", on: { click: () => act("close", { view_id: view.id }) } },
      view.close?.text ?? "Close"),
    view.submit ? el("button", { class: "button primary" }, view.submit.text) : null));
  dialog.replaceChildren(form);
  if (!dialog.open) dialog.showModal();
}

$("modal").addEventListener("cancel", (event) => {
  event.preventDefault();
  act("close", { view_id: $("modal").querySelector("form").dataset.view });
});

/** Show the newest message: its end, or its beginning when it is higher than the box. */
function toEnd(box) {
  const last = box.lastElementChild;
  if (!last) return;
  box.scrollTop = last.offsetHeight > box.clientHeight ? last.offsetTop - box.offsetTop : box.scrollHeight;
}

/** Whether the newest message is in sight: then one that comes is followed. */
function atEnd(box) {
  const last = box.lastElementChild;
  return !last || last.offsetTop - box.offsetTop < box.scrollTop + box.clientHeight;
}

// Going places

function openChannel(id) {
  if (shown.channel !== id || shown.home) shown.thread = null;
  Object.assign(shown, { channel: id, home: false });
  current().unread = 0;
  drawSide();
  drawChannel();
  main.focus();
}

function openThread(ts) {
  shown.thread = current().messages.get(ts)?.thread_ts ?? ts;
  drawThread();
  reply.focus();
}

function openHome() {
  Object.assign(shown, { home: true, thread: null });
  drawSide();
  drawChannel();
  act("home", {});
}

$("thread-close").addEventListener("click", () => {
  shown.thread = null;
  drawThread();
  main.focus();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && shown.thread && !document.querySelector("dialog[open]")) $("thread-close").click();
});

// What happens

function put(box, channel, message, opener) {
  const old = box.querySelector(`[data-ts="${CSS.escape(message.ts)}"]`);
  const made = messageElement(channel, message, opener);
  const following = atEnd(box);
  box.querySelector(".empty")?.remove();
  if (old) old.replaceWith(made);
  else box.append(made);
  if (following) toEnd(box);
}

function refresh(channel, message) {
  if (channel.id !== shown.channel || shown.home) return;
  if (isTop(message)) put($("messages"), channel, message, openThread);
  if (shown.thread && (message.ts === shown.thread || message.thread_ts === shown.thread)) {
    put($("replies"), channel, message, null);
  }
}

function remove(channel, ts) {
  channel.messages.delete(ts);
  document.querySelectorAll(`[data-ts="${CSS.escape(ts)}"]`).forEach((e) => e.remove());
}

function heard({ kind, item, channel: id, user }) {
  const channel = store.channels.get(id);
  if (kind === "home") {
    store.home = item;
    if (shown.home) drawHome();
  } else if (kind === "view") {
    store.views.set(item.id, item);
    drawModal();
  } else if (kind === "view_gone") {
    store.views.delete(item.id);
    drawModal();
  } else if (!channel || kind === "channel" || kind === "joined") {
    start(store.me);
  } else if (kind === "deleted" && item.subtype !== "tombstone") {
    remove(channel, item.ts);
    recount(channel, item.thread_ts);
  } else if (kind === "ephemeral_gone") {
    remove(channel, item.ts);
  } else if (kind === "reaction" || kind === "unreaction") {
    react(channel, item, user, kind === "reaction");
  } else {
    const known = channel.messages.has(item.ts);
    channel.messages.set(item.ts, item);
    refresh(channel, item);
    if (!known && item.thread_ts) recount(channel, item.thread_ts);
    if (!known && item.user !== store.me && (id !== shown.channel || shown.home)) {
      channel.unread += 1;
      drawSide();
    }
  }
}

function recount(channel, threadTs) {
  const parent = channel.messages.get(threadTs);
  if (!parent) return;
  parent.thread_ts = parent.ts;
  parent.reply_count = [...channel.messages.values()].filter(
    (m) => m.thread_ts === threadTs && m.ts !== threadTs && !m.is_ephemeral,
  ).length;
  refresh(channel, parent);
}

function react(channel, { ts, name }, user, added) {
  const message = channel.messages.get(ts);
  if (!message) return;
  const others = (message.reactions ?? []).filter((r) => r.name !== name);
  const users = (message.reactions ?? []).find((r) => r.name === name)?.users.filter((u) => u !== user) ?? [];
  if (added) users.push(user);
  message.reactions = users.length ? [...others, { name, users, count: users.length }] : others;
  refresh(channel, message);
}

// Beginning

function addressed() {
  const parts = /^\/archives\/(\w+)\/p(\d+)$/.exec(location.pathname);
  if (!parts || !store.channels.has(parts[1])) return null;
  const thread = new URLSearchParams(location.search).get("thread_ts");
  return { channel: parts[1], ts: thread ?? `${parts[2].slice(0, -6)}.${parts[2].slice(-6)}` };
}

const RETRY = 1000;
let waiting = null;

/** Follow the workspace as the user. What happens while the state is being loaded is heard after it; a state that comes
 * when the page already follows another line is dropped. */
function start(user) {
  source?.close();
  waiting = null;
  source = follow(user, async (change) => {
    if (change.kind === "ready") {
      const mine = [];
      waiting = mine;
      const state = await load(user).catch(() => null);
      if (waiting !== mine) return;
      if (!state) {
        lost(true);
        setTimeout(() => { if (waiting === mine) start(user); }, RETRY);
        return;
      }
      waiting = null;
      take(state);
      drawAll();
      mine.forEach(heard);
    } else if (waiting) {
      waiting.push(change);
    } else {
      heard(change);
    }
  }, lost);
}

function lost(down) {
  $("connection").textContent = down ? "Connection lost, trying again…" : "";
}

function drawAll() {
  sessionStorage.setItem("me", store.me);
  $("me").replaceChildren(...[...store.users.values()].filter((u) => !u.is_bot).map((u) => el(
    "option", { value: u.id, selected: u.id === store.me }, `${userName(u.id)} (${u.locale})`,
  )));
  const link = shown.channel ? null : addressed();
  if (link) Object.assign(shown, { channel: link.channel, thread: link.ts });
  if (!store.channels.has(shown.channel)) {
    const first = [...store.channels.values()].find((c) => c.has_bot && !c.is_im) ?? [...store.channels.values()][0];
    Object.assign(shown, { channel: first.id, thread: null });
  }
  drawSide();
  drawTries();
  drawChannel();
  drawModal();
}

$("me").addEventListener("change", () => {
  shown.thread = null;
  start($("me").value);
});

start(sessionStorage.getItem("me") ?? "");
main.focus();
