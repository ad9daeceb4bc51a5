// The time axis of one video: pictures, truth, corrections, and each row's curves and bars, drawn on a canvas. Only what lies
// in sight is drawn, so hours and thousands of segments cost no more than what fits on the screen.
const LANE = 20, CURVE = 64, FILM = 56, GAP = 8, AXIS = 26, EDGE = 6;
const STEPS = [0.04, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];
const YOURS = -1, TRUTH = -2;

class Timeline {
  constructor(video, { plot, axis }, state) {
    Object.assign(this, { video, plot, axis, state });
    this.end = lengthOf(video);
    this.from = 0;
    this.to = this.end;
    this.layout();
  }

  // What stands where: a block for each row, a lane for each class of it.
  layout() {
    const { video } = this;
    this.blocks = [];
    let y = 4;
    const block = (kind, title, segments, extra = {}) => {
      const labels = [...new Set(segments.map((s) => s.label))].sort((a, b) => order(video, a) - order(video, b));
      const lanes = labels.map((label) => ({ label, segments: segments.filter((s) => s.label === label).sort((a, b) => a.start - b.start) }));
      for (const lane of lanes) lane.longest = lane.segments.reduce((most, s) => Math.max(most, s.end - s.start), 0);
      const top = y, curve = extra.curves ? CURVE : 0;
      const height = curve + Math.max(1, lanes.length) * LANE;
      this.blocks.push({ kind, title, lanes, top, curve, height, best: Math.max(1e-9, ...segments.map((s) => s.score ?? 1)), ...extra });
      y += height + GAP;
    };
    if (this.film()) {
      this.blocks.push({ kind: "film", title: "pictures", top: y, height: FILM, lanes: [], curve: 0 });
      y += FILM + GAP;
    }
    if (video.truth) block(TRUTH, "truth", truthOf(video), { without: "nothing annotated" });
    const items = corrections.of(video).items;
    if (items.length || this.state.correcting) block(YOURS, "yours", items.filter((item) => item.verdict !== "wrong"), { without: "nothing yet" });
    for (let row = 0; row < ROWS.length; row++) {
      if (this.state.hidden.has(row)) continue;
      const found = video.found[row];
      const shown = segmentsOf(video, row).filter((s) => this.state.all || s.final);
      block(row, ROWS[row].name, shown, { curves: found?.curves ?? null, without: found ? "nothing found" : "not in these results" });
    }
    this.height = y;
  }

  film() {
    const { video } = this;
    if (!video.film) return null;
    if (!video.picture) {
      video.picture = new Image();
      video.picture.onload = () => { this.draw(); player.still(); };
      video.picture.src = video.film.source;
    }
    return video.picture;
  }

  x(seconds) { return (seconds - this.from) / (this.to - this.from) * this.width; }
  get scale() { return this.width / (this.to - this.from); }  // pixels a second
  at(x) { return this.from + x / this.width * (this.to - this.from); }

  zoom(factor, around) {
    const span = clamp((this.to - this.from) * factor, Math.min(0.5, this.end), this.end);
    const share = (around - this.from) / (this.to - this.from);
    this.show(around - share * span, span);
  }
  pan(seconds) { this.show(this.from + seconds, this.to - this.from); }
  show(from, span) {
    this.from = clamp(from, 0, Math.max(0, this.end - span));
    this.to = Math.min(this.end, this.from + span);
    this.draw();
  }
  // Brings a moment into sight, a little off the edge.
  follow(moment) {
    if (moment >= this.from && moment <= this.to) return;
    this.show(moment - 0.1 * (this.to - this.from), this.to - this.from);
  }

  sized(canvas, height) {
    const scale = window.devicePixelRatio || 1;
    const width = Math.max(50, canvas.parentElement.clientWidth - (canvas.offsetLeft || 0));
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(height * scale);
    }
    const context = canvas.getContext("2d");
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    context.font = "12px system-ui, sans-serif";
    this.width = width;
    return context;
  }

  draw() {
    const style = getComputedStyle(document.documentElement), known = new Map();
    this.color = (name) => known.get(name) ?? known.set(name, style.getPropertyValue(name).trim()).get(name);
    const context = this.sized(this.plot, this.height);
    for (const block of this.blocks) this.drawBlock(context, block);
    this.drawAxis(this.sized(this.axis, AXIS));
    this.onDraw?.();
  }

  drawBlock(context, block) {
    context.fillStyle = this.color("--wash");
    context.fillRect(0, block.top, this.width, block.height);
    if (block.kind === "film") return this.drawFilm(context, block);
    if (block.curve) this.drawCurves(context, block);
    block.lanes.forEach((lane, index) => {
      const y = block.top + block.curve + index * LANE;
      let drawn = -Infinity;  // where the last sliver ends: of thousands in a pixel, one is drawn
      for (const segment of inSight(lane, this.from, this.to)) {
        const sliver = (segment.end - segment.start) * this.scale < 2 && segment !== this.state.chosen;
        if (sliver && this.x(segment.end) < drawn) continue;
        this.drawBar(context, block, segment, y);
        if (sliver) drawn = this.x(segment.start) + 2;
      }
    });
    return undefined;
  }

  drawFilm(context, block) {
    const picture = this.film();
    if (!picture?.complete || !picture.naturalWidth) return;
    const scale = picture.naturalWidth / this.end;
    context.drawImage(picture, this.from * scale, 0, (this.to - this.from) * scale, picture.naturalHeight, 0, block.top, this.width, FILM);
    const { ends } = this.video.film;
    if (!ends || ends >= this.to) return;
    const left = Math.max(0, this.x(ends));  // what the strip repeats there is no picture of that moment
    context.fillStyle = this.color("--wash");
    context.fillRect(left, block.top, this.width - left, FILM);
    context.fillStyle = this.color("--quiet");
    if (this.width - left > 90) context.fillText("no pictures", left + 6, block.top + FILM / 2 + 4);
  }

  drawCurves(context, block) {
    const { curves, top } = block, bottom = top + CURVE;
    for (const s of truthOf(this.video) ?? []) {
      if (!(s.label in curves.values) || s.end < this.from || s.start > this.to) continue;
      context.globalAlpha = 0.14;
      context.fillStyle = this.color(look(this.video, s.label).color);
      context.fillRect(this.x(s.start), top, this.x(s.end) - this.x(s.start), CURVE);
      context.globalAlpha = 1;
    }
    for (const [label, text] of Object.entries(curves.values)) {
      curves.decoded ??= {};
      const values = (curves.decoded[label] ??= decoded(text));
      const { color } = look(this.video, Number(label));
      context.strokeStyle = this.color(color);
      context.lineWidth = 1.7;
      context.beginPath();
      const first = clamp(Math.floor((this.from - curves.start) / curves.step) - 1, 0, values.length - 1);
      const last = clamp(Math.ceil((this.to - curves.start) / curves.step) + 1, 0, values.length - 1);
      const perPixel = (last - first) / this.width;
      let y = 0;
      if (perPixel > 2) {  // a column of pixels stands for many values: their highest
        for (let x = 0; x <= this.width; x++) {
          const a = clamp(first + Math.floor(x * perPixel), first, last), b = clamp(first + Math.ceil((x + 1) * perPixel), a + 1, last + 1);
          let most = 0;
          for (let i = a; i < b; i++) most = Math.max(most, values[i]);
          y = bottom - 1 - (CURVE - 4) * most / 65535;
          context.lineTo(x, y);
        }
      } else {
        for (let i = first; i <= last; i++) {
          y = bottom - 1 - (CURVE - 4) * values[i] / 65535;
          context.lineTo(this.x(Math.min(curves.start + i * curves.step, this.end)), y);
        }
      }
      context.stroke();
      const name = CLASSES[label], wide = context.measureText(name).width + 12;
      context.fillStyle = this.color("--paper");
      context.globalAlpha = 0.75;
      context.fillRect(this.width - wide - 6, clamp(y - 14, top, bottom - 15), wide + 6, 15);
      context.globalAlpha = 1;
      const line = clamp(y - 3, top + 12, bottom - 3);
      context.fillStyle = this.color(color);
      context.fillRect(this.width - wide - 3, line - 8, 8, 8);
      context.fillStyle = this.color("--ink");
      context.fillText(name, this.width - wide + 9, line);
    }
    context.fillStyle = this.color("--quiet");
    context.fillText(curves.pooled > 1 ? `${curves.top} (highest of ${curves.pooled} snippets)` : `${curves.top}`, 3, top + 11);
  }

  drawBar(context, block, segment, y) {
    const left = Math.max(this.x(segment.start), -4), right = Math.min(this.x(segment.end), this.width + 4);
    const width = Math.max(right - left, 2), height = LANE - 6, top = y + 3;
    const { color, sign } = look(this.video, segment.label);
    const ink = this.color(color), chosen = this.state.chosen === segment;
    const said = block.kind >= 0 ? corrections.about(this.video, segment) : null;
    context.globalAlpha = said?.verdict === "wrong" ? 0.12 : block.kind < 0 ? 0.9 : 0.3 + 0.6 * clamp(segment.score / block.best, 0, 1);
    context.fillStyle = ink;
    context.fillRect(left, top, width, height);
    context.globalAlpha = 1;
    if (width > 5) pattern(context, sign, left, top, width, height, this.color("--paper"));
    if (width > 3 || chosen) {
      context.strokeStyle = chosen ? this.color("--ink") : ink;
      context.lineWidth = chosen ? 2.5 : 1;
      context.strokeRect(left, top, width, height);
    }
    const marks = `${segment.kind ? KINDS[segment.kind][0] : ""}${said ? { right: "☑", wrong: "☒", changed: "✎" }[said.verdict] : ""}`;
    if (marks && width > 12) {
      context.fillStyle = this.color("--paper");
      context.fillRect(left + 1, top + 1, context.measureText(marks).width + 5, height - 2);
      context.fillStyle = this.color("--ink");
      context.fillText(marks, left + 3, top + height - 3);
    }
    if (block.kind === TRUTH && this.state.missed?.has(segment.index) && width > 12) {
      context.fillStyle = this.color("--paper");
      context.fillRect(left + 1, top + 1, context.measureText("missed").width + 5, height - 2);
      context.fillStyle = this.color("--ink");
      context.fillText("missed", left + 3, top + height - 3);
    }
  }

  drawAxis(context) {
    const span = this.to - this.from;
    const step = STEPS.find((s) => s / span * this.width >= 70) ?? 3600 * Math.ceil(span / 36000);
    context.fillStyle = this.color("--quiet");
    context.strokeStyle = this.color("--quiet");
    context.beginPath();
    for (let k = Math.ceil(this.from / step); k * step <= this.to + 1e-9; k++) {
      const x = this.x(k * step), text = clock(k * step, step < 0.1 ? 2 : step < 1 ? 1 : 0);
      context.moveTo(x + 0.5, AXIS - 6);
      context.lineTo(x + 0.5, AXIS);
      context.fillText(text, clamp(x - context.measureText(text).width / 2, 0, this.width - context.measureText(text).width), AXIS - 9);
    }
    context.stroke();
  }

  // What lies at a point: the block, the segment, and whether the point is at one of its ends.
  hit(x, y) {
    const block = this.blocks.find((b) => y >= b.top && y < b.top + b.height);
    const moment = this.at(x);
    if (!block) return { moment };
    const lane = block.lanes[Math.floor((y - block.top - block.curve) / LANE)];
    if (!lane || y < block.top + block.curve) return { block, moment };
    const near = EDGE * (this.to - this.from) / this.width;
    const found = inSight(lane, moment - near, moment + near).filter((s) => s.start - near <= moment && moment <= s.end + near);
    const segment = found.find((s) => s === this.state.chosen) ?? found.sort((a, b) => (b.score ?? 1) - (a.score ?? 1) || a.end - a.start - (b.end - b.start))[0];
    if (!segment) return { block, moment };
    const wide = this.x(segment.end) - this.x(segment.start) > 3 * EDGE;
    const edge = Math.abs(moment - segment.start) <= near ? "start" : Math.abs(moment - segment.end) <= near ? "end" : null;
    return { block, moment, segment, edge: wide || segment === this.state.chosen ? edge : null };
  }
}

function order(video, label) {
  const place = classesOf(video).indexOf(label);
  return place < 0 ? 1e6 + label : place;
}

// The segments of a lane that touch a stretch of time; they are sorted by start, and none is longer than the longest.
function inSight(lane, from, to) {
  const { segments, longest } = lane;
  let low = 0, high = segments.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (segments[middle].start < from - longest) low = middle + 1; else high = middle;
  }
  const seen = [];
  for (let at = low; at < segments.length && segments[at].start <= to; at++) if (segments[at].end >= from) seen.push(segments[at]);
  return seen;
}

// A second sign beside colour: each class has its own pattern.
function pattern(context, sign, left, top, width, height, ink) {
  if (sign === "solid") return;
  context.save();
  context.beginPath();
  context.rect(left, top, width, height);
  context.clip();
  context.strokeStyle = context.fillStyle = ink;
  context.lineWidth = 1.2;
  context.beginPath();
  const step = 8;
  const begin = Math.max(left, -20), end = Math.min(left + width, 10000);
  if (sign === "hatch" || sign === "cross") for (let x = begin - height; x < end; x += step) { context.moveTo(x, top + height); context.lineTo(x + height, top); }
  if (sign === "back" || sign === "cross") for (let x = begin - height; x < end; x += step) { context.moveTo(x, top); context.lineTo(x + height, top + height); }
  if (sign === "columns") for (let x = begin; x < end; x += step / 2) { context.moveTo(x, top); context.lineTo(x, top + height); }
  if (sign === "rows") for (let y = top + 3; y < top + height; y += 4) { context.moveTo(left, y); context.lineTo(left + width, y); }
  context.stroke();
  if (sign === "dots") for (let x = begin + 3; x < end; x += 6) context.fillRect(x, top + height / 2 - 1, 2, 2);
  if (sign === "hollow") { context.globalAlpha = 0.7; context.fillRect(left + 2, top + 2, width - 4, height - 4); }
  context.restore();
}
