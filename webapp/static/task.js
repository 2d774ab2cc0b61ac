// A task's page, live.  Browsers open six connections to a host at most, so only a few pages of a
// browser hold an event stream, by Web Locks; the others ask from time to time.  Hidden pages rest.
import { Idiomorph } from "./vendor/idiomorph-0.8.0/idiomorph.esm.js";

const SLOTS = 2;
const ASK_EVERY_MS = 2500;
const live = document.getElementById("live");
const said = document.getElementById("said");
const { status: STATUS, events: EVENTS, part: PART } = live.dataset;
let shape = ""; // what the page shows of the task, without what is updated in place
let at = 0; // when the task began, by this clock
let current = 0; // each start has its number; what an older one still hears is not acted on
let stop = () => {};
let fetching = null;
let again = false;

function shapeOf(task) {
  const steps = task.steps.map((step) => [step.stage, step.action, step.round, step.state, step.error]);
  return JSON.stringify([task.state, task.ending, task.round, task.levels, task.summary, steps]);
}

function update(task) {
  at = Date.now() - task.elapsed_s * 1000;
  const running = task.steps.filter((step) => step.state === "running").pop();
  set("trying", running?.progress.trying);
  set("tried", triedBy(task));
  if (shapeOf(task) === shape) return;
  shape = shapeOf(task);
  refresh();
  const now = task.ending ? `Ended: ${task.ending.replace("_", " ")}` : `Now ${task.state}, round ${task.round}`;
  if (said.textContent !== now) said.textContent = now;
  live.dataset.ending = task.ending ?? "";
  if (task.ending) halt();
}

// A search counts on from slice to slice of a round; the server knows more of rounds that are over.
function triedBy(task) {
  const most = {};
  for (const { round, progress } of task.steps) most[round] = Math.max(most[round] ?? 0, progress.tried ?? 0);
  const sum = Object.values(most).reduce((a, b) => a + b, 0);
  return Math.max(sum, Number(document.getElementById("tried").textContent));
}

function set(id, value) {
  const place = document.getElementById(id);
  if (place && value !== undefined) place.textContent = value;
}

// The page's own part, drawn by the server; what is opened or focused stays so.
async function refresh() {
  again = true;
  if (fetching) return;
  while (again) {
    again = false;
    fetching = fetch(PART);
    try {
      const answer = await fetching;
      if (answer.ok) {
        Idiomorph.morph(live, await answer.text(), {
          morphStyle: "innerHTML",
          callbacks: { beforeAttributeUpdated: (name) => name !== "open" },
        });
        const word = live.querySelector(".said .tag").lastChild.textContent.trim();
        document.title = document.title.replace(/^[^:]+/, word);
      }
    } catch {
      shape = ""; // the next news asks for it again
    }
    fetching = null;
  }
}

async function start() {
  halt();
  if (live.dataset.ending || document.hidden) return;
  const number = current;
  for (let slot = 0; slot < SLOTS && number === current; slot += 1) {
    const held = await (navigator.locks?.request(`fractal-stream-${slot}`, { ifAvailable: true }, (lock) =>
      lock && number === current ? stream(number) : "taken") ?? "taken");
    if (held !== "taken") return number === current && poll(number);
  }
  if (number === current) poll(number);
}

// Resolves, and so gives its slot back, when the stream is closed by either side.
function stream(number) {
  return new Promise((resolve) => {
    const source = new EventSource(EVENTS);
    stop = () => { source.close(); resolve(); };
    source.addEventListener("status", (event) => number === current && update(JSON.parse(event.data)));
    source.addEventListener("end", () => stop());
    source.onerror = () => source.readyState === EventSource.CLOSED && stop();
  });
}

function poll(number) {
  let tag = "";
  let timer = 0;
  stop = () => clearTimeout(timer);
  const ask = async () => {
    try {
      const answer = await fetch(STATUS, { headers: tag ? { "If-None-Match": tag } : {}, cache: "no-store" });
      if (number !== current) return;
      if (answer.ok) {
        tag = answer.headers.get("ETag") ?? "";
        update(await answer.json());
      }
    } catch { /* the server is away; it is asked again */ }
    if (number === current && !live.dataset.ending) timer = setTimeout(ask, ASK_EVERY_MS);
  };
  ask();
}

function halt() {
  current += 1;
  stop();
  stop = () => {};
}

function tick() {
  const elapsed = (Date.now() - at) / 1000;
  const meter = document.getElementById("seconds");
  if (!at || live.dataset.ending || !meter) return;
  set("elapsed", elapsed < 100 ? `${elapsed.toFixed(1)} s` : `${Math.floor(elapsed / 60)} min ${Math.floor(elapsed % 60)} s`);
  meter.value = Math.min(elapsed, meter.max);
}

document.addEventListener("visibilitychange", start);
setInterval(tick, 500);
start();
