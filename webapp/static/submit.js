// The form: files added and dropped in place, a size that is refused before it travels, and the same
// task as a command.  Without this script the buttons ask the server.
const form = document.getElementById("task-form");
const said = document.getElementById("said");
const nonce = document.querySelector("script[nonce]").nonce;
let mount = () => {};

import("./editor.js").then(
  (editor) => {
    mount = (area) => editor.mount(area, nonce);
    form.querySelectorAll("[data-editor]").forEach(mount);
  },
  () => {}, // the text areas are editors enough
);

form.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if ("add" in button.dataset) add(button, event);
  else if ("drop" in button.dataset) drop(button, event);
  else if (button.dataset.copy) copy(COMMANDS[button.dataset.copy]());
});

form.addEventListener("submit", (event) => {
  if (event.submitter?.name === "do") return;
  const most = Number(form.dataset.largest);
  for (const group of ["code", "tests"]) {
    const size = new Blob(Object.values(files(group))).size;
    if (size <= most) continue;
    event.preventDefault();
    said.textContent = `The ${group} holds ${size.toLocaleString("en")} bytes; ${most.toLocaleString("en")} are allowed. Nothing was sent.`;
  }
});

function add(button, event) {
  event.preventDefault();
  const group = button.closest("[data-group]");
  const slot = document.querySelector(`template[data-blank="${group.dataset.group}"]`).content.cloneNode(true);
  button.parentElement.before(slot);
  number(group);
  const slots = group.querySelectorAll("[data-slot]");
  mount(slots[slots.length - 1].querySelector("textarea"));
  slots[slots.length - 1].querySelector("input").focus();
}

function drop(button, event) {
  event.preventDefault();
  const group = button.closest("[data-group]");
  button.closest("[data-slot]").remove();
  number(group);
  group.querySelector("input").focus();
}

function number(group) {
  group.querySelectorAll("[data-slot]").forEach((slot, index) => {
    const name = `${group.dataset.group} file ${index + 1}`;
    slot.querySelector("input").setAttribute("aria-label", `Name of ${name}`);
    slot.querySelector("textarea").setAttribute("aria-label", `Text of ${name}`);
    slot.querySelector("[data-drop] .hidden").textContent = ` ${name}`;
  });
}

function files(group) {
  const all = new FormData(form);
  const names = all.getAll(`${group}_name`);
  const texts = all.getAll(`${group}_text`).map((text) => text.replaceAll("\r\n", "\n"));
  const pairs = names.map((name, index) => [name.trim(), texts[index]]);
  return Object.fromEntries(pairs.filter(([name, text]) => name && text.trim()));
}

// As Python's shlex.quote: within single quotes a shell reads nothing but their end.
function quote(text) {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`;
}

// A terminal acts on control characters that are pasted into it.
const plain = (text) => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu, " ").trim();
const ascii = (json) =>
  json.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);

function path(group) {
  const names = Object.keys(files(group)).map(plain);
  const name = names.length === 1 ? names[0] : ".";
  return name.startsWith("-") ? `./${name}` : name;
}

const COMMANDS = {
  line() {
    const words = ["fractal-rmo", "submit"];
    if (Object.keys(files("code")).length) words.push(path("code")); // new code needs no path
    if (Object.keys(files("tests")).length) words.push("--tests", path("tests"));
    for (const name of ["kind", "level", "provider"]) words.push(`--${name}`, form.elements[name].value);
    const python = plain(form.elements.python.value);
    if (python) words.push("--python", python);
    const description = plain(form.elements.description.value);
    if (description) words.push(`--description=${description}`);
    for (const name of ["seconds", "tokens", "dollars", "retries"]) {
      const { value, max } = form.elements[name];
      if (value && value !== max) words.push(`--${name}`, value); // the most is what is left out
    }
    return words.map(quote).join(" ");
  },
  curl() {
    const value = (name) => form.elements[name].value;
    const budget = ["seconds", "tokens", "dollars", "retries"].filter(value);
    const body = {
      kind: value("kind"),
      description: value("description"),
      level: Number(value("level")),
      provider: value("provider"),
      python: value("python"),
      code: files("code"),
      tests: files("tests"),
      budget: Object.fromEntries(budget.map((name) => [name, Number(value(name))])),
    };
    return [
      'curl -H "Authorization: Bearer $(fractal-rmo token)"',
      "-H 'Content-Type: application/json'",
      `--data-raw ${quote(ascii(JSON.stringify(body)))}`,
      quote(`${location.origin}/api/v1/tasks`),
    ].join(" ");
  },
};

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    said.textContent = "Copied.";
  } catch {
    said.textContent = text; // no clipboard without a secure context; it can be marked by hand
  }
}

form.querySelector(".copies").hidden = false;
