// Wires it all: what is open, chosen and shown; keys, pointer and links.
const state = { all: false, hidden: new Set(), chosen: null, correcting: false, missed: null };
let timeline = null;
const plot = byId("plot"), playhead = byId("playhead"), tip = byId("tip");

function open(video, moment = 0, segment = null) {
  state.chosen = null;
  player.video = video;
  if (DATA.served && video.url && !video.film) {
    fetchFilm(video);
  }
  timeline = new Timeline(video, { plot, axis: byId("axis") }, state);
  timeline.onDraw = drawPlayhead;
  setMissed();
  byId("name").textContent = video.name;
  about(video);
  byId("relabel").value = classesOf(video)[0] ?? 0;
  say("");
  player.open(video, moment);
  if (segment) choose(segment, true);
  show();
  list.mark();
}

function about(video) {
  byId("meta").textContent = [
    video.duration ? clock(video.duration, 1) : "length not known",
    video.tags.length ? `tags: ${video.tags.map((tag) => CLASSES[tag]).join(", ")}` : "",
    video.film?.ends ? `the file's pictures end at ${clock(video.film.ends, 1)}, before its stated length` : "",
    ...(video.notes ?? []),
  ].filter(Boolean).join(" · ");
}

// The server makes a video's pictures when it is first opened.
async function fetchFilm(video) {
  video.film = null;
  const answer = await fetch(`film/${VIDEOS.indexOf(video)}`);
  if (!answer.ok) return;
  const bytes = new Uint8Array(await answer.arrayBuffer());
  const text = bytes.reduce((all, byte) => all + String.fromCharCode(byte), "");
  const kind = answer.headers.get("Content-Type");
  video.film = { source: `data:${kind};base64,${btoa(text)}`, count: Number(answer.headers.get("X-Pictures")) };
  if (answer.headers.has("X-Ends")) video.film.ends = Number(answer.headers.get("X-Ends"));
  if (player.video === video) { about(video); show(); }
}

function setMissed() {
  const row = Number(byId("by-row").value) || 0;
  state.missed = player.video.truth && ROWS.length ? new Set(missedBy(player.video, row)) : null;
}

// Everything that depends on what is shown of the open video.
function show() {
  timeline.layout();
  timeline.draw();
  labels();
  table();
  edits();
}

function labels() {
  const holder = byId("labels"), { video } = timeline;
  holder.style.height = `${timeline.height}px`;
  holder.replaceChildren(...timeline.blocks.map((block) => {
    const head = make("div", { className: "title", title: ROWS[block.kind]?.about ?? "" }, block.title);
    const box = make("div", { className: "block" });
    box.style.top = `${block.top}px`;
    box.style.height = `${block.height}px`;
    if (block.kind === "film") { box.append(head); return box; }
    const names = block.lanes.map((lane) => make("div", { className: "lane", title: CLASSES[lane.label] }, chip(video, lane.label), CLASSES[lane.label]));
    if (!names.length) names.push(make("div", { className: "lane quiet" }, block.without));
    names.forEach((name, index) => { name.style.top = `${block.curve + index * LANE}px`; });
    if (block.curve) box.append(head, ...names);
    else { box.classList.add("tight"); names[0].prepend(make("b", {}, `${block.title} `)); box.append(...names); }
    return box;
  }));
}

function visible() {  // the segments of the open video that the filters leave, in time's order
  const { video } = player, filters = list.filters(), entries = [];
  for (let row = 0; row < ROWS.length; row++) {
    if (state.hidden.has(row)) continue;
    for (const segment of segmentsOf(video, row)) {
      if (!(state.all || segment.final)) continue;
      if (filters.kind === "missed" ? (filters.row !== null && row !== filters.row) : !list.wants(video, segment, filters)) continue;
      const said = corrections.about(video, segment);
      entries.push({ segment, from: ROWS[row].name, said: said ? VERDICTS[said.verdict] : "" });
    }
  }
  return entries.sort((a, b) => a.segment.start - b.segment.start || a.segment.end - b.segment.end);
}

function table() {
  const { video } = player;
  const own = corrections.of(video).items.filter((item) => item.verdict === "added" || item.verdict === "changed")
    .map((item) => ({ segment: item, from: "yours", said: VERDICTS[item.verdict] }));
  const true_ = (truthOf(video) ?? []).map((segment) => ({ segment, from: "truth", missed: state.missed?.has(segment.index) }));
  byId("segments").replaceChildren(...segmentTable(video, [...true_, ...own, ...visible()], state.chosen, (segment) => choose(segment, true)));
}

function choose(segment, seek = false) {
  state.chosen = segment;
  if (!segment) return show();
  byId("relabel").value = segment.label;
  if (seek) player.seek(segment.start);
  if (player.loop) player.loop = { start: segment.start, end: segment.end };
  timeline.follow(segment.start);
  show();
  const row = byId("segments").querySelector("[aria-selected]");
  if (row) reveal(byId("segments"), row);
  const label = CLASSES[segment.label], score = segment.score === undefined || segment.score === null ? "" : `, score ${segment.score.toFixed(3)}`;
  byId("said").textContent = `${label}, ${clock(segment.start, 2)} to ${clock(segment.end, 2)}${score}`;
  history.replaceState(null, "", link(player.video, segment.start, segment));
  return undefined;
}

// Which item of "yours" the chosen segment is, or led to.
function chosenItem() {
  const chosen = state.chosen;
  if (!chosen) return null;
  if (chosen.verdict) return corrections.of(player.video).items.includes(chosen) ? chosen : null;
  return chosen.row === undefined ? null : corrections.about(player.video, chosen);
}

const predicted = () => (state.chosen && state.chosen.kind !== undefined ? state.chosen : null);

function neighbour(step) {
  const entries = visible().map((entry) => entry.segment);
  if (!entries.length) return moveVideo(step);
  const at = entries.indexOf(predicted());
  const next = at >= 0 ? entries[at + step] : step > 0 ? entries.find((s) => s.start >= player.moment - 0.01) ?? entries[0] : entries.filter((s) => s.start < player.moment).at(-1);
  if (!next) return moveVideo(step);
  return choose(next, true);
}

function moveVideo(step) {
  const at = list.shown.indexOf(player.video), next = list.shown[at + step];
  if (next) location.hash = link(next);
}

// After a verdict: the next segment that nobody has judged.
function advance() {
  const entries = visible().map((entry) => entry.segment), at = entries.indexOf(predicted());
  const next = [...entries.slice(at + 1), ...entries.slice(0, Math.max(at, 0))].find((s) => !corrections.about(player.video, s));
  if (next) choose(next, true);
  else say("All shown segments of this video are judged; the next video: Page Down.");
}

const CHOOSE = "Choose a segment first: N and P, or a click on its bar.";
const say = (text) => { byId("said").textContent = text; };

const actions = {
  toggle: () => player.toggle(),
  stop: () => player.pause(),
  forward: () => (player.running && !player.backwards ? player.faster(1) : player.play()),
  reverse: () => (player.backwards ? player.faster(1) : player.reverse()),
  back: () => player.seek(player.moment - 1), ahead: () => player.seek(player.moment + 1),
  farBack: () => player.seek(player.moment - 5), farAhead: () => player.seek(player.moment + 5),
  frameBack: () => { player.pause(); player.seek(player.moment - 1 / (player.video.fps || 25)); },
  frameAhead: () => { player.pause(); player.seek(player.moment + 1 / (player.video.fps || 25)); },
  next: () => neighbour(1), previous: () => neighbour(-1),
  nextVideo: () => moveVideo(1), previousVideo: () => moveVideo(-1),
  start: () => player.seek(0), end: () => player.seek(lengthOf(player.video)),
  loop: () => {
    const span = player.loop ? null : state.chosen;
    player.loop = span && { start: span.start, end: span.end };
    if (span) { player.seek(span.start); player.play(); } else player.tell();
  },
  speedUp: () => player.faster(1), speedDown: () => player.faster(-1),
  zoomIn: () => timeline.zoom(0.5, player.moment), zoomOut: () => timeline.zoom(2, player.moment), fit: () => timeline.show(0, timeline.end),
  panLeft: () => timeline.pan(-0.2 * (timeline.to - timeline.from)), panRight: () => timeline.pan(0.2 * (timeline.to - timeline.from)),
  all: () => { state.all = !state.all; byId("all").setAttribute("aria-pressed", state.all); show(); },
  accept: () => { if (predicted()) { corrections.judge(player.video, predicted(), "right"); advance(); } },
  reject: () => {
    if (predicted()) { corrections.judge(player.video, predicted(), "wrong"); advance(); } else actions.remove();
  },
  setStart: () => amend({ start: Math.min(player.moment, state.chosen?.end ?? 0) }),
  setEnd: () => amend({ end: Math.max(player.moment, state.chosen?.start ?? 0) }),
  add: () => {
    const label = Number(byId("relabel").value), span = lengthOf(player.video);
    const start = Math.min(player.moment, span - Math.min(1, span));
    choose(corrections.add(player.video, label, start, Math.min(span, start + 2)));
  },
  split: () => {
    const first = corrections.asOne(player.video, () => {
      const item = itemToEdit();
      return item && corrections.split(player.video, item, player.moment);
    });
    if (first) choose(first); else say(chosenItem() || predicted() ? "The playhead has to be inside the chosen segment to split it there." : CHOOSE);
  },
  merge: () => {
    const joined = corrections.asOne(player.video, () => {
      const item = itemToEdit(), next = item && followingOf(item);
      if (next && next.kind !== undefined) corrections.judge(player.video, next, "right");
      return item && corrections.merge(player.video, item);
    });
    if (joined) choose(joined); else say(chosenItem() || predicted() ? "There is no later segment of this class to merge with." : CHOOSE);
  },
  remove: () => { const item = chosenItem(); if (item) { corrections.remove(player.video, item); choose(null); say("Taken back."); } else say(CHOOSE); },
  relabel: () => byId("relabel").focus(),
  undo: () => say(corrections.undo() ? "Undone." : "There is nothing to undo."),
  redo: () => say(corrections.redo() ? "Done again." : "There is nothing to do again."),
  finish: () => corrections.finish(player.video),
  save: () => save(),
  help: () => byId("help").showModal(),
  search: () => byId("search").focus(),
};

function amend(change) {
  if (!state.chosen) return say(CHOOSE);
  if (state.chosen.index !== undefined && state.chosen.row === undefined) return say("The truth stays as it is; New makes a segment of yours.");
  const item = chosenItem();
  const next = item && item.verdict !== "wrong" ? corrections.edit(player.video, item, change) : predicted() ? corrections.amend(player.video, predicted(), change) : null;
  return next ? choose(next) : undefined;
}

// The chosen segment as an item that can be split or merged; a predicted one is accepted first.
function itemToEdit() {
  const item = chosenItem();
  if (item && item.verdict !== "wrong") return item;
  if (!predicted()) return null;
  corrections.judge(player.video, predicted(), "right");
  return corrections.about(player.video, predicted());
}

// The next segment of the same class that an item could be merged with, where nobody has judged it yet.
function followingOf(item) {
  const row = item.row ?? predicted()?.row;
  if (row === null || row === undefined) return null;
  const judged = corrections.of(player.video).items.filter((other) => other !== item && other.verdict !== "wrong" && other.label === item.label && other.start >= item.start);
  const next = segmentsOf(player.video, row).filter((s) => (state.all || s.final) && s.label === item.label && s.start > item.start && !corrections.about(player.video, s)).sort((a, b) => a.start - b.start)[0];
  return next && judged.every((other) => other.start > next.start) ? next : null;
}

function edits() {
  byId("saved").textContent = corrections.videos.size ? corrections.saved : "";
  byId("done").setAttribute("aria-pressed", isDone(player.video));
  const said = ROWS.map((row, index) => [row, precisionOf(index)]).filter(([, found]) => found).map(([row, p]) =>
    `${ROWS.length > 1 ? `${row.name}: ` : ""}${p.right} of ${p.judged} judged segments are right: ${(100 * p.share).toFixed(0)} % (95 % interval ${(100 * p.low).toFixed(0)} to ${(100 * p.high).toFixed(0)} %)` +
    (p.more ? `; about ${p.more} more would tell it to 5 points` : ""));
  byId("precision").textContent = said.length ? `${said.join(". ")}.` : "";
}

function save() {
  const text = JSON.stringify(toFile(), null, 1);
  const anchor = make("a", { href: URL.createObjectURL(new Blob([text], { type: "application/json" })), download: "corrections.json" });
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(anchor.href), 1000);
}

function drawPlayhead() {
  const x = timeline.x(player.moment);
  playhead.hidden = x < 0 || x > timeline.width;
  playhead.style.left = `${plot.offsetLeft + Math.min(Math.max(x, 1), timeline.width - 1)}px`;  // whole at both ends
  playhead.style.height = `${plot.offsetTop + timeline.height}px`;
}

player.listeners.push(() => {
  if (!timeline) return;
  if (player.running) timeline.follow(player.moment);
  drawPlayhead();
  byId("time").textContent = `${clock(player.moment, 2)} / ${clock(lengthOf(player.video), 1)}`;
  byId("toggle").textContent = player.running ? "Pause" : "Play";
  byId("speed").textContent = `${player.speed}×${player.backwards ? " back" : ""}`;
  byId("loop").setAttribute("aria-pressed", Boolean(player.loop));
});

corrections.listeners.push((name) => {
  if (!timeline) return;
  if (name && name !== player.video.name) { location.hash = link(VIDEOS.find((video) => video.name === name)); }
  if (name && state.chosen?.verdict && !corrections.of(player.video).items.includes(state.chosen)) state.chosen = null;
  if (name) { show(); list.mark(); } else edits();
});

function route() {
  const parts = new URLSearchParams(location.hash.slice(1));
  const video = VIDEOS.find((v) => v.name === parts.get("video"));
  if (!video) return;
  const [row, index] = (parts.get("segment") ?? "").split(".").map(Number);
  const segment = parts.has("segment") && row in ROWS ? segmentsOf(video, row)[index] ?? null : null;
  if (segment && !segment.final) { state.all = true; byId("all").setAttribute("aria-pressed", "true"); }
  const moment = segment ? segment.start : Number(parts.get("t")) || 0;
  open(video, clamp(moment, 0, lengthOf(video)), segment);
  if (byId("stage").getBoundingClientRect().bottom < 0) byId("work").scrollIntoView();  // a link from further down
}
