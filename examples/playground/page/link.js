// Keeps what is to be learned in the address, so that a link shows everybody the same picture.
import { extent } from "./draw.js";

// A number of a drawn point is one of 36² = 1296 places, two characters in the address.
const places = 36 * 36 - 1;
export const grid = (u) => Math.round(Math.min(Math.max((u + extent) / (2 * extent), 0), 1) * places) * 2 * extent / places - extent;
const two = (u) => Math.round((u + extent) / (2 * extent) * places).toString(36).padStart(2, "0");

export function write(task, view) {
  const all = new URLSearchParams({ data: task.data, seed: task.seed, steps: task.steps });
  if (view.class >= 0) {
    all.set("class", "AB"[view.class]);
    all.set("guidance", view.guidance);
  }
  if (task.data === "points") {
    let text = "";
    for (let i = 0; i < task.points.length; i += 3) text += two(task.points[i]) + two(task.points[i + 1]) + "AB"[task.points[i + 2]];
    all.set("points", text);
  }
  history.replaceState(null, "", "#" + all);
}

// read returns what the address says; fields that it does not have are undefined.
export function read() {
  const all = new URLSearchParams(location.hash.slice(1)), points = [];
  for (const [, x, y, name] of (all.get("points") ?? "").matchAll(/([0-9a-z]{2})([0-9a-z]{2})([AB])/g)) {
    const at = (t) => parseInt(t, 36) * 2 * extent / places - extent;
    points.push(at(x), at(y), name === "A" ? 0 : 1);
  }
  const number = (name) => (/^\d+(\.\d+)?$/.test(all.get(name)) ? Number(all.get(name)) : undefined);
  return { data: all.get("data") ?? undefined, seed: number("seed"), steps: number("steps"), guidance: number("guidance"), class: { A: 0, B: 1 }[all.get("class")], points };
}
