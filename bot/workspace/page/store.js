// What this page knows of the workspace, and how it asks the server for things.

import { notice } from "/page/dom.js";

export const store = { me: "", channels: new Map(), users: new Map(), groups: new Map() };

/** The workspace as the user sees it, for `take`. */
export async function load(user) {
  const answer = await fetch(`/page-data/state?user=${encodeURIComponent(user)}`);
  return answer.json();
}

export function take(state) {
  Object.assign(store, state, {
    users: new Map(state.users.map((u) => [u.id, u])),
    groups: new Map(state.groups.map((g) => [g.id, g])),
    channels: new Map(state.channels.map((c) => [c.id, {
      ...c, unread: 0, messages: new Map(c.messages.sort(byTime).map((m) => [m.ts, m])),
    }])),
    views: new Map(state.views.map((v) => [v.id, v])),
  });
}

const byTime = (a, b) => a.ts.localeCompare(b.ts);

/** Do something as the user; the server's answer, with `ok`. */
export async function act(what, more) {
  return sent("/page-data/do", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ do: what, user: store.me, ...more }),
  });
}

export async function upload(fields, files) {
  const form = new FormData();
  for (const [key, value] of Object.entries({ user: store.me, ...fields })) form.append(key, value ?? "");
  for (const file of files) form.append("file", file, file.name);
  return sent("/page-data/upload", { method: "POST", body: form });
}

async function sent(path, request) {
  try {
    const answer = await (await fetch(path, request)).json();
    if (!answer.ok) notice(answer.error);
    return answer;
  } catch {
    notice("The workspace does not answer: is it still running?");
    return { ok: false };
  }
}

export function userName(id) {
  if (id === "USLACKBOT") return "Slackbot";
  const user = store.users.get(id);
  return user ? (user.is_bot ? user.name : user.real_name) : id;
}

export function channelName(channel) {
  return channel.is_im ? userName(store.bot) : channel.name;
}

/** Follow the changes that the user may see; `heard` gets each, after a first one of kind `ready` for each time the line
 * comes up, and `lost` whether it is down. */
export function follow(user, heard, lost) {
  const source = new EventSource(`/page-data/live?user=${encodeURIComponent(user)}`);
  source.onmessage = (event) => heard(JSON.parse(event.data));
  source.onopen = () => lost(false);
  source.onerror = () => lost(true);
  return source;
}
