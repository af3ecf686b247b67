// Draws what the worker has posted. Positions are u = x/√(1 + σ²) within ±extent.
export const extent = 2.8;
export const zoom = (sigma) => Math.sqrt(1 + sigma * sigma);

// colors are those of the style sheet, in the scheme of the moment.
export function colors() {
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue("--" + name).trim();
  return { ink: of("ink"), soft: of("soft"), line: of("line"), map: of("map").split(",").map(Number), sample: of("sample"), arrow: of("arrow"), classes: [of("a"), of("b")], trace: of("trace") };
}

// fit gives a canvas as many pixels as it has on the screen and returns its context, in
// units of CSS pixels.
export function fit(canvas, ratio) {
  const width = canvas.clientWidth, height = Math.round(width * ratio), dense = Math.min(devicePixelRatio || 1, 2);
  if (canvas.width !== Math.round(width * dense) || canvas.height !== Math.round(height * dense)) {
    canvas.width = Math.round(width * dense);
    canvas.height = Math.round(height * dense);
  }
  const c = canvas.getContext("2d");
  c.setTransform(dense, 0, 0, dense, 0, 0);
  c.clearRect(0, 0, width, height);
  return { c, width, height };
}

// level returns the noise level at a place in 0 … 1 of paths, between two of their points.
export function level(paths, place) {
  const last = paths.sigma.length - 1, at = place * last, k = Math.min(Math.floor(at), last - 1), part = at - k;
  const [high, low] = [paths.sigma[k], paths.sigma[k + 1]];
  const sigma = low > 0 ? high * Math.pow(low / high, part) : high * (1 - part);
  return { k, part, sigma };
}

// position calls f(i, u, v) for every point of the paths at a place.
export function positions(paths, place, f) {
  const { k, part } = level(paths, place);
  const n = paths.n, p = paths.points, from = 1 / zoom(paths.sigma[k]), to = 1 / zoom(paths.sigma[k + 1]);
  for (let i = 0, a = 2 * k * n, b = a + 2 * n; i < n; i++, a += 2, b += 2) {
    f(i, (1 - part) * p[a] * from + part * p[b] * to, (1 - part) * p[a + 1] * from + part * p[b + 1] * to);
  }
}

// shade turns energies into a picture: density is exp(−energy) as a part of the highest,
// energy itself is shown in bands.
export function shade(field, kind, [r, g, b]) {
  const n = field.cells, image = new ImageData(n, n), least = Math.min(...field.energy);
  field.energy.forEach((e, i) => {
    const above = e - least;
    const strength = kind === "density" ? Math.exp(-above / 2) : 1 - Math.min(Math.floor(above), 9) / 9;
    image.data.set([r, g, b, 190 * strength], 4 * i);
  });
  const canvas = new OffscreenCanvas(n, n);
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

function dots(c, size, color, alpha, radius, each) {
  c.fillStyle = color;
  c.globalAlpha = alpha;
  c.beginPath();
  each((u, v) => {
    const x = (0.5 + u / (2 * extent)) * size, y = (0.5 - v / (2 * extent)) * size;
    c.moveTo(x + radius, y);
    c.arc(x, y, radius, 0, 7);
  });
  c.fill();
  c.globalAlpha = 1;
}

function drawArrows(c, size, field, color) {
  const n = field.arrows, cell = size / n;
  c.strokeStyle = color;
  c.lineWidth = 1.2;
  c.beginPath();
  for (let i = 0; i < n * n; i++) {
    const s = field.score[2 * i], t = field.score[2 * i + 1], length = Math.hypot(s, t);
    if (!(length > 1e-6)) continue;
    const reach = 0.75 * cell * Math.tanh(length / 2) / length, dx = reach * s, dy = -reach * t;
    const x = (i % n + 0.5) * cell, y = (Math.floor(i / n) + 0.5) * cell;
    c.moveTo(x, y);
    c.lineTo(x + dx, y + dy);
    for (const side of [-1, 1]) {
      c.moveTo(x + dx, y + dy);
      c.lineTo(x + 0.7 * dx - side * 0.2 * dy, y + 0.7 * dy + side * 0.2 * dx);
    }
  }
  c.stroke();
}

function drawTrace(c, size, trace, color) {
  const at = (k) => {
    const r = 2 * extent * zoom(trace.sigma[k]);
    return [(0.5 + trace.points[2 * k] / r) * size, (0.5 - trace.points[2 * k + 1] / r) * size];
  };
  c.strokeStyle = c.fillStyle = color;
  c.lineWidth = 2.5;
  c.beginPath();
  c.moveTo(...at(0));
  for (let k = 1; k < trace.sigma.length; k++) c.lineTo(...at(k));
  c.stroke();
  c.beginPath();
  c.arc(...at(trace.sigma.length - 1), 6, 0, 7);
  c.fill();
}

// stage draws the big picture. s.moved in 0 … 1 says how far the samples have come from
// those of the look before.
export function stage(canvas, s, colors) {
  const { c, width: size } = fit(canvas, 1);
  if (s.shaded) {
    c.imageSmoothingEnabled = true;
    c.drawImage(s.shaded, 0, 0, size, size);
  }
  if (s.field && s.see.arrows) drawArrows(c, size, s.field, colors.arrow);
  if (s.see.rows && s.rows) {
    const narrow = 1 / zoom(s.sigma);
    for (const k of [0, 1]) {
      dots(c, size, colors.classes[k], 0.55, 2, (dot) => {
        for (let i = 0; i < s.rows.length; i += 3) if (s.rows[i + 2] === k) dot(s.rows[i] * narrow, s.rows[i + 1] * narrow);
      });
    }
  }
  if (s.paths && s.see.samples) {
    dots(c, size, s.class < 0 ? colors.sample : colors.classes[s.class], 0.85, 2.2, (dot) => {
      const old = [];
      if (s.before && s.moved < 1) positions(s.before, s.place, (i, u, v) => old.push(u, v));
      positions(s.paths, s.place, (i, u, v) => {
        if (old.length) [u, v] = [old[2 * i] + s.moved * (u - old[2 * i]), old[2 * i + 1] + s.moved * (v - old[2 * i + 1])];
        dot(u, v);
      });
    });
  }
  if (s.trace) drawTrace(c, size, s.trace, colors.trace);
  if (s.cross) {
    const x = (0.5 + s.cross[0] / (2 * extent)) * size, y = (0.5 - s.cross[1] / (2 * extent)) * size;
    c.strokeStyle = colors.ink;
    c.lineWidth = 1.5;
    c.strokeRect(x - 6, y - 6, 12, 12);
  }
}

// lanes draws the racing solvers after they have spent so many evaluations.
export function lanes(canvas, race, spent, colors) {
  const columns = canvas.clientWidth < 560 ? 2 : 3, tall = Math.ceil(race.length / columns);
  const cell = canvas.clientWidth / columns, head = 42;
  const { c } = fit(canvas, tall * (cell + head) / canvas.clientWidth);
  race.forEach((lane, i) => {
    if (!lane) return;
    const over = spent >= lane.evaluations.at(-1);
    let k = lane.evaluations.findIndex((e) => e > spent) - 1;
    if (k < 0) k = over ? lane.evaluations.length - 2 : 0;
    const [a, b] = [lane.evaluations[k], lane.evaluations[k + 1]];
    const part = over ? 1 : Math.min((spent - a) / (b - a || 1), 1);
    c.save();
    c.translate((i % columns) * cell, Math.floor(i / columns) * (cell + head));
    c.fillStyle = colors.ink;
    c.font = "600 14px system-ui, sans-serif";
    c.fillText(lane.name, 8, 18);
    c.fillStyle = colors.soft;
    c.font = "13px system-ui, sans-serif";
    c.fillText(over ? `distance to data ${lane.distance.toFixed(3)}` : `${Math.floor(spent)} evaluations`, 8, 36);
    c.translate(0, head);
    c.strokeStyle = colors.line;
    c.strokeRect(4, 0, cell - 8, cell - 8);
    c.beginPath();
    c.rect(4, 0, cell - 8, cell - 8);
    c.clip();
    dots(c, cell, colors.sample, 0.8, 1.3, (dot) => positions(lane, (k + part) / (lane.evaluations.length - 1), (_, u, v) => dot(u, v)));
    c.restore();
  });
}
