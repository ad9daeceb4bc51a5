// Keys as players have them, the pointer on the time axis, and the buttons.
const KEYS = {
  " ": "toggle", k: "stop", j: "reverse", l: "forward", ArrowLeft: "back", ArrowRight: "ahead",
  "Shift+ArrowLeft": "farBack", "Shift+ArrowRight": "farAhead", ",": "frameBack", ".": "frameAhead",
  n: "next", p: "previous", ArrowDown: "next", ArrowUp: "previous", PageDown: "nextVideo", PageUp: "previousVideo", Home: "start", End: "end",
  q: "loop", "<": "speedDown", ">": "speedUp", "[": "speedDown", "]": "speedUp",
  "+": "zoomIn", "=": "zoomIn", "-": "zoomOut", 0: "fit", h: "panLeft", ";": "panRight", v: "all",
  Enter: "accept", a: "accept", x: "reject", Backspace: "reject", Delete: "reject", i: "setStart", o: "setEnd", t: "add", s: "split", m: "merge",
  r: "relabel", u: "undo", y: "redo", "Control+z": "undo", "Control+y": "redo", "Control+Z": "redo", d: "finish", "Control+s": "save", "?": "help", "/": "search",
};

document.addEventListener("keydown", (event) => {
  if (event.isComposing || byId("help").open || !timeline) return;
  const typing = event.target.closest?.("input:not([type=range]), select, textarea");
  if (typing) {
    if (event.key === "Escape" || (event.key === "Enter" && event.target.tagName === "SELECT")) event.target.blur();
    return;
  }
  if ((event.key === " " || event.key === "Enter") && event.target.closest?.("button, a, summary")) return;
  if (event.altKey || ((event.ctrlKey || event.metaKey) && !["z", "Z", "y", "s"].includes(event.key))) return;
  const name = (event.ctrlKey || event.metaKey ? "Control+" : "") + (event.shiftKey && event.key.startsWith("Arrow") ? "Shift+" : "") + event.key;
  const action = KEYS[name];
  if (!action) return;
  event.preventDefault();
  actions[action]();
});

for (const button of document.querySelectorAll("button[data-action]")) button.addEventListener("click", () => actions[button.dataset.action]());
byId("relabel").append(...CLASSES.map((label, index) => make("option", { value: index }, label)));
byId("relabel").addEventListener("change", () => {
  const label = Number(byId("relabel").value);
  if (state.chosen) amend({ label }); else say(`New segments get the class ${CLASSES[label]}.`);
});
byId("load").addEventListener("change", async (event) => {
  const [file] = event.target.files;
  if (!file) return;
  try {
    const taken = fromFile(JSON.parse(await file.text()));
    corrections.keep();
    say(`${taken} judgement${taken === 1 ? "" : "s"} taken from ${file.name}`);
  } catch (error) {
    say(`${file.name} holds no corrections: ${error.message}`);
  }
  show();
  list.refresh();
});

// The pointer: a click on a bar chooses it and seeks to its start, elsewhere it seeks; an end can be dragged.
let drag = null;
const place = (event) => { const box = plot.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };

plot.addEventListener("pointerdown", (event) => {
  if (event.button !== 0) return;
  const [x, y] = place(event), hit = timeline.hit(x, y);
  plot.focus({ preventScroll: true });
  plot.setPointerCapture(event.pointerId);
  const editable = hit.edge && hit.block.kind !== TRUTH && (hit.segment === state.chosen || hit.block.kind === YOURS);
  drag = { x, hit, moved: false, edge: editable ? hit.edge : null, from: timeline.from, moment: hit.moment };
  if (drag.edge) { state.chosen = hit.segment; drag.before = { start: hit.segment.start, end: hit.segment.end }; }
});
plot.addEventListener("pointermove", (event) => {
  const [x, y] = place(event);
  if (!drag) {
    const hit = timeline.hit(x, y);
    plot.style.cursor = hit.edge && hit.block.kind !== TRUTH && (hit.segment === state.chosen || hit.block.kind === YOURS) ? "ew-resize" : hit.segment ? "pointer" : "crosshair";
    return point(event, hit);
  }
  if (Math.abs(x - drag.x) > 3) drag.moved = true;
  if (!drag.moved) return undefined;
  tip.hidden = true;
  const moment = clamp(timeline.at(x), 0, timeline.end);
  if (drag.edge) {  // shown while it moves, kept when the pointer lets go
    const { segment } = drag.hit;
    segment[drag.edge] = drag.edge === "start" ? Math.min(moment, segment.end - 0.01) : Math.max(moment, segment.start + 0.01);
    player.seek(moment);
    timeline.draw();
  } else if (timeline.to - timeline.from < timeline.end) {
    timeline.show(drag.from + (drag.x - x) / timeline.width * (timeline.to - timeline.from), timeline.to - timeline.from);
  } else player.seek(moment);
  return undefined;
});
plot.addEventListener("pointerup", () => {
  if (!drag) return;
  const { hit, moved, edge, before } = drag;
  drag = null;
  if (edge && moved) {
    const value = hit.segment[edge];
    Object.assign(hit.segment, before);
    amend({ [edge]: value });
  } else if (!moved && hit.segment) choose(hit.segment, true);
  else if (!moved) player.seek(hit.moment);
});
plot.addEventListener("pointercancel", () => { if (drag?.before) Object.assign(drag.hit.segment, drag.before); drag = null; show(); });
plot.addEventListener("pointerleave", () => { tip.hidden = true; });
byId("axis").addEventListener("pointerdown", (event) => {
  const seek = (moved) => player.seek(timeline.at(moved.clientX - byId("axis").getBoundingClientRect().left));
  byId("axis").setPointerCapture(event.pointerId);
  seek(event);
  byId("axis").onpointermove = seek;
  byId("axis").onpointerup = byId("axis").onpointercancel = () => { byId("axis").onpointermove = null; };
});
for (const canvas of [plot, byId("axis")]) {
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    const moment = timeline.at(event.clientX - plot.getBoundingClientRect().left);
    const sideways = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
    if (Math.abs(sideways) > Math.abs(event.shiftKey ? 0 : event.deltaY)) timeline.pan(sideways / timeline.width * (timeline.to - timeline.from));
    else timeline.zoom(1.0015 ** event.deltaY, moment);
  }, { passive: false });
}

// What lies under the pointer, in words and numbers.
function point(event, hit) {
  const lines = [make("b", {}, clock(hit.moment, 2))];
  if (hit.segment) {
    const { segment } = hit, score = segment.score === undefined || segment.score === null ? "" : `, score ${segment.score.toFixed(3)}`;
    lines.push(make("div", {}, `${CLASSES[segment.label]}, ${segment.start.toFixed(2)} to ${segment.end.toFixed(2)} s${score}`));
    if (segment.kind) lines.push(make("div", { className: "quiet" }, KINDS[segment.kind][1]));
  }
  const curves = hit.block?.curves;
  if (curves) {
    for (const label of Object.keys(curves.values)) {
      const values = (curves.decoded ??= {})[label] ?? decoded(curves.values[label]);
      const at = clamp(Math.round((hit.moment - curves.start) / curves.step), 0, values.length - 1);
      lines.push(make("div", {}, chip(player.video, Number(label)), `${CLASSES[label]} ${(values[at] / 65535 * curves.top).toFixed(3)}`));
    }
  }
  tip.replaceChildren(...lines);
  tip.hidden = false;
  const left = event.clientX + 16 + tip.offsetWidth > innerWidth ? event.clientX - 16 - tip.offsetWidth : event.clientX + 16;
  tip.style.left = `${Math.max(4, left)}px`;
  tip.style.top = `${clamp(event.clientY + 16, 4, innerHeight - tip.offsetHeight - 4)}px`;
}

// On paper: the figure of every video of the list, up to a number that a printer can bear.
const MOST_PRINTED = 60;
addEventListener("beforeprint", () => {
  byId("printed").replaceChildren(...list.shown.slice(0, MOST_PRINTED).map((video) => {
    const canvas = make("canvas"), axis = make("canvas");
    const holder = make("div", { className: "print-figure" });
    const names = make("p", { className: "quiet" });
    holder.append(make("h3", {}, `${video.name}, ${video.duration ? clock(video.duration, 1) : ""}`), make("div", {}, axis), make("div", {}, canvas), names);
    byId("printed").append(holder);
    const drawn = new Timeline(video, { plot: canvas, axis }, { ...state, chosen: null });
    drawn.draw();
    names.append(...drawn.blocks.map((block) => make("span", {}, `${block.title}: ${block.lanes.map((lane) => CLASSES[lane.label]).join(", ") || block.without || "over time"}. `)));
    return holder;
  }));
});
addEventListener("afterprint", () => byId("printed").replaceChildren());

corrections.restore();
list.start();
list.onRefresh = () => { if (timeline) { setMissed(); show(); } };
for (const toggle of document.querySelectorAll("[data-row]")) {
  toggle.addEventListener("click", () => {
    const row = Number(toggle.dataset.row), hide = !state.hidden.delete(row);
    if (hide) state.hidden.add(row);
    toggle.setAttribute("aria-pressed", !hide);
    show();
  });
}
for (const cell of document.querySelectorAll("[data-share]")) cell.style.setProperty("--share", `${cell.dataset.share}%`);
addEventListener("pagehide", () => corrections.keepBeforeLeaving());
addEventListener("hashchange", route);
addEventListener("resize", () => timeline?.draw());  // another screen may have finer pixels
new ResizeObserver(() => timeline?.draw()).observe(byId("timeline"));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => timeline?.draw());
if (VIDEOS.length) {
  route();
  if (!timeline) open(list.shown[0] ?? VIDEOS[0]);
}
document.documentElement.dataset.ready = "yes";
