// The page: what its controls ask for goes to the worker as messages, what the worker posts
// is drawn with the next frame.
import * as draw from "./draw.js";
import * as link from "./link.js";

const at = (id) => document.getElementById(id);
const still = matchMedia("(prefers-reduced-motion: reduce)");
const dark = matchMedia("(prefers-color-scheme: dark)");
const mostPoints = 600, lap = 5000, morph = 350, raceLap = 4000;

const task = { data: "moons", seed: 0, steps: 2000, points: [] };
const view = { class: -1, guidance: 1 };
const state = { place: 1, sigma: 0, arrived: 0, moved: 1, class: -1, see: {} }; // what draw.stage draws
let colors = draw.colors();
let training = false, playing = false, clock = 0, dirty = true, lanes = null, rate = null;

// The worker answers one message of a kind at a time; of those that come meanwhile the last
// one counts.
const worker = new Worker("worker.js");
const waiting = {};
function ask(kind, message) {
  if (!state.paths) return;
  if (waiting[kind] !== undefined) {
    waiting[kind] = message;
    return;
  }
  waiting[kind] = null;
  worker.postMessage({ kind, ...message });
}
function answered(kind) {
  const next = waiting[kind];
  delete waiting[kind];
  if (next) ask(kind, next);
}

function look() {
  state.sigma = state.paths ? draw.level(state.paths, state.place).sigma : 0;
  at("sigma").value = `σ = ${state.sigma < 0.1 ? state.sigma.toFixed(3) : state.sigma.toPrecision(2)}`;
  const sigma = Math.max(state.sigma, 0.08); // below that is detail which a mesh does not have
  ask("look", { ...view, sigma, zoom: draw.zoom(state.sigma) });
  dirty = true;
}

const say = (text) => { at("status").textContent = text; };

function shade() {
  const kind = at("map").value;
  state.shaded = state.field && kind !== "none" ? draw.shade(state.field, kind, colors.map) : null;
  dirty = true;
}

const answers = {
  ready: learn,
  data(m) { state.rows = m.rows; dirty = true; },
  step(m) {
    at("progress").value = m.step / m.steps;
    const now = performance.now();
    if (!rate || m.step < rate.step) rate = { step: m.step, time: now };
    const speed = (m.step - rate.step) / (now - rate.time) * 1000;
    say(`step ${m.step} of ${m.steps}${speed > 0 ? `, ${speed.toFixed(0)} a second` : ""}`);
  },
  paths(m) {
    answered("paths");
    state.before = state.paths;
    state.paths = m;
    state.moved = still.matches || !state.before ? 1 : 0;
    state.arrived = state.moved ? 0 : performance.now();
    for (const id of ["save", "export", "race"]) at(id).disabled = false;
    look();
  },
  field(m) { answered("look"); state.field = m; shade(); },
  trace(m) { answered("trace"); state.trace = m; dirty = true; },
  race(m) {
    if (m.lane === 0) lanes = { all: Array(m.lanes).fill(null) };
    lanes.all[m.lane] = m;
    if (m.lane < m.lanes - 1) return;
    answered("race");
    Object.assign(lanes, { start: performance.now(), part: 0 });
    at("lanes").hidden = false;
    const best = lanes.all.reduce((a, b) => (b.distance < a.distance ? b : a));
    at("verdict").textContent = `Nearest to the data: ${best.name}. Two sets of data are as far apart as ${m.floor.toFixed(3)}.`;
    dirty = true;
  },
  save: download,
  export: download,
  done() { ended(); say(`${at("status").textContent}: learned`); },
  error(m) { ended(); for (const kind in waiting) delete waiting[kind]; say(m.text); },
};
function download(m) {
  answered(m.kind);
  const a = document.createElement("a");
  a.href = URL.createObjectURL(new Blob([m.bytes]));
  a.download = `${task.data}-${task.seed}.${m.type}`;
  a.click();
  setTimeout(() => URL.revokeObjectURL(a.href), 10000);
}

worker.onmessage = ({ data }) => answers[data.kind](data);
worker.onerror = (e) => say(e.message);

function ended() {
  training = false;
  at("learn").textContent = "Learn";
}

function learn() {
  training = true;
  rate = null;
  at("learn").textContent = "Stop";
  state.trace = null;
  say("beginning …");
  link.write(task, view);
  worker.postMessage({ kind: "train", ...task, ...view, points: task.data === "points" ? task.points : [] });
}

// Controls.
at("controls").onsubmit = (e) => {
  e.preventDefault();
  if (training) worker.postMessage({ kind: "stop" });
  else learn();
};
for (const id of ["data", "seed", "steps"]) {
  at(id).onchange = () => {
    if (!at(id).checkValidity() || at(id).value === "") return at(id).reportValidity();
    task[id] = id === "data" ? at(id).value : Number(at(id).value);
    if (task.data === "points") drawn(); // and wait for Learn
    else learn();
  };
}
for (const id of ["class", "guidance"]) {
  at(id).oninput = () => {
    view.class = state.class = Number(at("class").value);
    view.guidance = Number(at("guidance").value);
    at("guidance").disabled = view.class < 0;
    at("weight").value = view.guidance;
    link.write(task, view);
    ask("paths", view);
    look();
  };
}
for (const id of ["samples", "rows", "arrows"]) {
  at(id).onchange = () => { state.see[id] = at(id).checked; dirty = true; };
  state.see[id] = at(id).checked;
}
at("map").onchange = shade;
at("time").oninput = () => { state.place = Number(at("time").value); play(false); look(); };
at("play").onclick = () => play(!playing);
at("save").onclick = () => ask("save", {});
at("export").onclick = () => ask("export", view);
at("race").onclick = () => { at("verdict").textContent = "running …"; ask("race", { evaluations: Number(at("evaluations").value) }); };
at("evaluations").oninput = () => { at("budget").value = at("evaluations").value; };
at("link").onclick = async () => {
  link.write(task, view);
  try { await navigator.clipboard.writeText(location.href); say("link copied"); } catch { say("the link is in the address bar"); }
};
at("clear").onclick = () => { task.points.length = 0; drawn(); };

function play(on) {
  playing = on;
  at("play").textContent = on ? "Pause" : "Play";
  at("play").setAttribute("aria-pressed", on);
  clock = state.place < 1 ? state.place : 0;
}

// drawn shows the drawn points as data.
function drawn() {
  task.data = at("data").value = "points";
  state.rows = task.points;
  state.place = at("time").value = 1;
  play(false);
  if (!training) say(task.points.length ? `${task.points.length / 3} points drawn: press Learn` : "draw points on the picture, then press Learn");
  link.write(task, view);
  look();
}

const pen = () => document.querySelector("input[name=pen]:checked").value;

// use does what the pen does at a point of the picture.
function use(u, v) {
  if (pen() === "follow") {
    if (!state.paths) return;
    const sigma = state.sigma > 0.05 ? state.sigma : state.paths.sigma[0], z = draw.zoom(sigma);
    ask("trace", { x: u * z, y: v * z, sigma });
    return;
  }
  if (task.points.length >= 3 * mostPoints) return say(`${mostPoints} points are all that fit`);
  task.points.push(link.grid(u), link.grid(v), Number(pen()));
  drawn();
}

const canvas = at("stage");
function pointed(e) {
  const box = canvas.getBoundingClientRect();
  use((2 * (e.clientX - box.left) / box.width - 1) * draw.extent, (1 - 2 * (e.clientY - box.top) / box.height) * draw.extent);
}
canvas.onpointerdown = (e) => { canvas.setPointerCapture(e.pointerId); state.cross = null; pointed(e); };
canvas.onpointermove = (e) => { if (e.buttons) pointed(e); };
canvas.onkeydown = (e) => {
  const step = e.shiftKey ? 0.4 : 0.1, move = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] }[e.key];
  if (!move && e.key !== "Enter" && e.key !== " ") return;
  e.preventDefault();
  state.cross ??= [0, 0];
  if (move) state.cross = state.cross.map((c, i) => Math.min(Math.max(c + move[i], -draw.extent), draw.extent));
  if (!move || pen() === "follow") use(...state.cross);
  dirty = true;
};
canvas.onblur = () => { state.cross = null; dirty = true; };

for (const query of [dark, still]) query.onchange = () => { colors = draw.colors(); shade(); };
new ResizeObserver(() => { dirty = true; }).observe(document.body);

// One frame of the screen; nothing is drawn when nothing has changed.
let last = 0;
function frame(now) {
  if (playing && state.paths) {
    clock = clock > 1.25 ? 0 : clock + (now - last) / lap; // the end is to be seen for a while
    state.place = at("time").value = Math.min(clock, 1);
    look();
  }
  last = now;
  const morphing = state.moved < 1;
  state.moved = Math.min((now - state.arrived) / morph, 1);
  if (dirty || morphing) draw.stage(canvas, state, colors);
  if (lanes?.start && (dirty || lanes.part < 1)) {
    lanes.part = still.matches ? 1 : Math.min((now - lanes.start) / raceLap, 1);
    draw.lanes(at("lanes"), lanes.all, lanes.part * (lanes.all.at(-1).evaluations.at(-1) + 1), colors);
  }
  dirty = false;
  requestAnimationFrame(frame);
}
requestAnimationFrame(frame);

// What the address says.
function open() {
  const from = link.read();
  for (const id of ["data", "seed", "steps"]) {
    if (from[id] === undefined) continue;
    const before = at(id).value;
    at(id).value = from[id];
    if (at(id).value === "" || !at(id).checkValidity()) at(id).value = before;
    task[id] = id === "data" ? at(id).value : Number(at(id).value);
  }
  task.points = from.points.slice(0, 3 * mostPoints);
  if (from.class !== undefined) at("class").value = from.class;
  if (from.guidance !== undefined) at("guidance").value = from.guidance;
  at("guidance").oninput();
}
open();
addEventListener("hashchange", () => location.reload()); // a link was put in by hand
