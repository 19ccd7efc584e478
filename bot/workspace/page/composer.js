// Where one writes: text, slash commands, files.

import { el, notice } from "/page/dom.js";
import { act, store, upload } from "/page/store.js";

/** Fill a form. `target()` gives {channel, thread_ts?}; `focusAt` is the id of its text field. */
export function composer(form, id, target) {
  const area = el("textarea", { id, rows: "1", "aria-describedby": `${id}-hint`, "aria-label": form.ariaLabel });
  const hint = el("p", { id: `${id}-hint`, class: "hint" });
  const chosen = el("span", { class: "chosen" });
  const picker = el("input", {
    type: "file", multiple: true, id: `${id}-file`, class: "visually-hidden", on: {
      change() { chosen.textContent = [...picker.files].map((f) => f.name).join(", "); },
    },
  });
  const grow = () => {
    area.style.height = "auto";
    area.style.height = `${Math.min(area.scrollHeight, 220)}px`;
    hint.textContent = hintFor(area.value, target());
  };

  async function send() {
    const { channel, thread_ts } = target();
    const text = area.value.trim();
    const files = [...picker.files];
    if (!text && !files.length) return;
    area.value = "";
    picker.value = "";
    chosen.textContent = "";
    grow();
    const answer = files.length
      ? await upload({ channel, thread_ts, text }, files)
      : await sendText(channel, text, thread_ts);
    if (!answer.ok) {
      area.value = text;
      grow();
    }
  }

  area.addEventListener("input", grow);
  area.addEventListener("keydown", (event) => {
    if (event.key === "Tab" && !event.shiftKey && /^\/\w*$/.test(area.value)) {
      const found = store.app.commands.find((c) => c.name.startsWith(area.value));
      if (found && area.value !== found.name) {
        event.preventDefault();
        area.value = `${found.name} `;
        grow();
      }
    }
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      send();
    }
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  form.addEventListener("dragover", (event) => event.preventDefault());
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    const { channel, thread_ts } = target();
    if (event.dataTransfer.files.length) upload({ channel, thread_ts, text: "" }, event.dataTransfer.files);
  });
  form.replaceChildren(
    area,
    el("div", { class: "row" },
      picker, el("label", { class: "icon", for: `${id}-file`, title: "Add files" }, "📎", el(
        "span", { class: "visually-hidden" }, "Add files",
      )),
      chosen, hint, el("button", { class: "button primary send", "aria-label": "Send" }, "Send")),
  );
  return { focus: () => area.focus(), refresh: grow, area };
}

function hintFor(text, { thread_ts }) {
  if (!text.startsWith("/")) return "";
  if (thread_ts) return "Slash commands do not work in threads";
  const word = text.split(" ")[0];
  const found = store.app.commands.find((c) => c.name.startsWith(word));
  return found ? `${found.name} ${found.usage_hint} – ${found.description}` : "";
}

/** A line as Slack's composer takes it: a command, or a message. */
export async function sendText(channel, text, thread_ts) {
  if (text.startsWith("/") && !thread_ts && /^\/[a-z]/.test(text)) {
    const known = store.app.commands.some((c) => c.name === text.split(/\s/)[0]);
    if (known) return act("command", { channel, text: text.replace(/\s+/g, " ") });
    notice(`${text.split(/\s/)[0]} is not a command here. There is: ${store.app.commands.map((c) => c.name).join(", ")}`);
    return { ok: false };
  }
  return act("say", { channel, text, thread_ts });
}
