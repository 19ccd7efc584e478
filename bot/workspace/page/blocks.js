// Block Kit as elements. `place` says what a press belongs to: {channel, ts} or {view_id}.

import { el } from "/page/dom.js";
import { link, mention, mrkdwn, plain, symbol } from "/page/mrkdwn.js";
import { act, store, userName } from "/page/store.js";

export function blocks(list, place) {
  return list.map((block) => (DRAWN[block.type] ?? unknown)(block, place));
}

function unknown(block) {
  return el("p", { class: "faint" }, `(a block of type ${block.type})`);
}

function textOf(object) {
  if (!object) return [];
  return object.type === "mrkdwn" ? mrkdwn(object.text, object.verbatim === true) : plain(object.text);
}

const DRAWN = {
  section(block, place) {
    const body = el("div", { class: "section-body" });
    if (block.text) body.append(el("div", { class: "text" }, textOf(block.text)));
    if (block.fields) {
      body.append(el("div", { class: "fields" }, block.fields.map((f) => el("div", { class: "text" }, textOf(f)))));
    }
    const accessory = block.accessory ? element(block.accessory, block, place) : null;
    return el("div", { class: "block section" }, body, accessory);
  },
  header: (block) => el("h3", { class: "block" }, textOf(block.text)),
  context: (block) => el("div", { class: "block context" }, block.elements.map((item) => (
    item.type === "image" ? picture(item) : el("span", { class: "text" }, textOf(item))))),
  divider: () => el("hr", { class: "block" }),
  actions: (block, place) => el(
    "div", { class: "block actions" }, block.elements.map((item) => element(item, block, place)),
  ),
  image: (block) => el(
    "figure", { class: "block" }, block.title ? el("figcaption", {}, textOf(block.title)) : null, picture(block),
  ),
  file: (block) => el("p", { class: "block faint" }, `File ${block.external_id}`),
  rich_text: (block) => el("div", { class: "block rich" }, block.elements.map(rich)),
  markdown: (block) => el("div", { class: "block text markdown" }, block.text),
  table: (block) => el("div", { class: "block scroll" }, el("table", {}, block.rows.map((row) => el("tr", {}, row.map(
    (cell) => el("td", {}, cell.type === "rich_text" ? cell.elements.map(rich) : cell.text ?? ""),
  ))))),
  input: (block, place) => input(block, place),
};

function picture(item) {
  const url = item.slack_file ? item.slack_file.url ?? `/page-data/file/${item.slack_file.id}` : item.image_url;
  const own = url.startsWith("/") || url.startsWith(location.origin);
  // Nothing is fetched from elsewhere: the page works offline and gives nobody away.
  return own ? el("img", { src: ownAddress(url), alt: item.alt_text }) : link(url, item.alt_text);
}

function ownAddress(url) {
  const file = /files-pri\/[^-]+-(\w+)\//.exec(url);
  return file ? `/page-data/file/${file[1]}` : url;
}

// Rich text

function rich(item) {
  const children = () => item.elements.map(piece);
  switch (item.type) {
    case "rich_text_preformatted": return code(item);
    case "rich_text_quote": return el("blockquote", {}, children());
    case "rich_text_list": return el(item.style === "ordered" ? "ol" : "ul", {
      class: `indent-${Math.min(item.indent ?? 0, 4)}`,
    }, item.elements.map((line) => el("li", {}, line.elements.map(piece))));
    default: return el("p", {}, children());
  }
}

/** Code that can be copied. */
function code(item) {
  const text = item.elements.map((e) => e.text ?? e.url ?? "").join("");
  const button = el("button", {
    type: "button", class: "copy", "aria-label": "Copy this", on: {
      async click() {
        await navigator.clipboard.writeText(text);
        button.textContent = "Copied";
        setTimeout(() => { button.textContent = "Copy"; }, 1500);
      },
    },
  }, "Copy");
  return el("div", { class: "copyable" }, el("pre", { tabindex: "0" }, item.elements.map(piece)), button);
}

function piece(item) {
  let shown;
  switch (item.type) {
    case "text": shown = item.text; break;
    case "link": shown = link(item.url, item.text ?? item.url); break;
    case "emoji": shown = symbol(item.name); break;
    case "user": shown = mention(`@${userName(item.user_id)}`, item.user_id === store.me); break;
    case "channel": shown = mention(`#${store.channels.get(item.channel_id)?.name ?? item.channel_id}`); break;
    case "usergroup": shown = mention(`@${store.groups.get(item.usergroup_id)?.handle ?? item.usergroup_id}`); break;
    case "broadcast": shown = mention(`@${item.range}`, true); break;
    default: shown = item.fallback ?? item.value ?? "";
  }
  const style = item.style ?? {};
  for (const [name, tag] of [["code", "code"], ["bold", "strong"], ["italic", "em"], ["strike", "s"]]) {
    if (style[name]) shown = el(tag, {}, shown);
  }
  return shown;
}

// What can be pressed

function element(item, block, place) {
  if (item.type === "image") return picture(item);
  if (item.type === "button") return pushButton(item, block, place);
  if (item.type === "overflow" || item.type.endsWith("select")) return menu(item, block, place);
  return el("span", { class: "faint" }, `(an element of type ${item.type})`);
}

async function press(item, block, place, value, control) {
  if (item.confirm && !(await confirmed(item.confirm))) return false;
  control.disabled = true;
  const values = place.view_id ? valuesIn(control.closest("[data-view]")) : undefined;
  await act("click", { ...place, action_id: item.action_id, block_id: block.block_id, value, values });
  control.disabled = false;
  return true;
}

function pushButton(item, block, place) {
  const button = el("button", {
    type: "button",
    class: `button ${item.style ?? ""}`,
    "aria-label": item.accessibility_label,
    "data-action": item.action_id,
    on: {
      click() {
        if (item.url && /^https?:/.test(item.url)) window.open(item.url, "_blank", "noopener");
        return press(item, block, place, item.value, button);
      },
    },
  }, textOf(item.text));
  return button;
}

function optionsOf(item) {
  const option = (o) => el("option", { value: o.value }, o.text.text);
  if (item.option_groups) {
    return item.option_groups.map((g) => el("optgroup", { label: g.label.text }, g.options.map(option)));
  }
  return (item.options ?? []).map(option);
}

function menu(item, block, place) {
  const title = item.placeholder?.text ?? (item.type === "overflow" ? "⋯" : "Choose");
  const select = el("select", {
    class: "button", "aria-label": title, "data-action": item.action_id, on: {
      async change() {
        const done = await press(item, block, place, select.value, select);
        if (!done || item.type === "overflow") select.selectedIndex = 0;
      },
    },
  }, el("option", { value: "", disabled: true, selected: !item.initial_option }, title), optionsOf(item));
  if (item.initial_option) select.value = item.initial_option.value;
  return select;
}

/** Ask as the confirm object says. */
function confirmed(confirm) {
  const dialog = document.getElementById("confirm");
  dialog.replaceChildren(
    el("h2", { id: "confirm-title" }, textOf(confirm.title)),
    el("p", {}, textOf(confirm.text)),
    el("form", { method: "dialog", class: "choices" },
      el("button", { class: "button", value: "no" }, textOf(confirm.deny)),
      el("button", { class: `button ${confirm.style ?? "primary"}`, value: "yes" }, textOf(confirm.confirm))),
  );
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

// Inputs of modals

function input(block) {
  const item = block.element;
  const id = `input-${block.block_id}`;
  const common = { id, "data-block": block.block_id, "data-input": item.action_id, "data-type": item.type };
  let control;
  if (item.type === "plain_text_input") {
    control = el(item.multiline ? "textarea" : "input", { ...common, placeholder: item.placeholder?.text });
    control.value = item.initial_value ?? "";
  } else if (item.type === "static_select") {
    control = el("select", common, el("option", { value: "" }, item.placeholder?.text ?? ""), optionsOf(item));
    control.value = item.initial_option?.value ?? "";
    control.options_by_value = new Map((item.options ?? []).map((o) => [o.value, o]));
  } else {
    control = el("span", { class: "faint" }, `(an input of type ${item.type})`);
  }
  const optional = block.optional ? el("span", { class: "faint" }, " (optional)") : null;
  return el("div", { class: "block input" },
    el("label", { for: id }, textOf(block.label), optional), control,
    block.hint ? el("p", { class: "faint" }, textOf(block.hint)) : null,
    el("p", { class: "error", role: "alert", "data-error": block.block_id }));
}

/** The inputs in a view as Slack's state.values. */
export function valuesIn(root) {
  const values = {};
  for (const control of root?.querySelectorAll("[data-input]") ?? []) {
    const { block, input: action, type } = control.dataset;
    const value = type === "static_select"
      ? { type, selected_option: control.options_by_value.get(control.value) ?? null }
      : { type, value: control.value || null };
    values[block] = { [action]: value };
  }
  return values;
}
