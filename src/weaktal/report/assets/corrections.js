// What a person says of the segments. Every change is undoable, and kept: by the server, else in this browser.
const VERDICTS = { right: "accepted", wrong: "rejected", changed: "changed", added: "added" };
const SHORTEST = 0.04;  // seconds: what a split leaves on either side, at least
const KEPT = `weaktal ${DATA.id}`;

const corrections = {
  // Of a file that was taken back, by the name of the video: what this page does not show, and writes again as it was.
  elsewhere: new Map(),
  videos: new Map(), past: [], future: [], listeners: [], saved: "nothing yet",

  of(video) {
    return this.videos.get(video.name) ?? { items: [], done: null };
  },
  // The item that a predicted segment led to, if someone has judged it.
  about(video, segment) {
    return this.of(video).items.find((item) => item.row === segment.row && item.index === segment.index) ?? null;
  },
  set(video, next) {
    this.past.push([video.name, this.of(video)]);
    if (this.past.length > 1000) this.past.shift();
    this.future = [];
    this.put(video.name, next);
  },
  put(name, next) {
    this.videos.set(name, next);
    this.keep();
    for (const listener of this.listeners) listener(name);
  },
  // Several changes of a video as one that is undone at once; none of them where they come to nothing.
  asOne(video, change) {
    const before = this.of(video), past = [...this.past], future = this.future, done = change();
    if (this.future === future) return done;  // nothing was changed
    this.past = past;
    if (done) {
      this.past.push([video.name, before]);
    } else {
      this.future = future;
      this.put(video.name, before);
    }
    return done;
  },
  undo() { return this.step(this.past, this.future); },
  redo() { return this.step(this.future, this.past); },
  step(from, to) {
    const last = from.pop();
    if (!last) return false;
    const [name, state] = last;
    to.push([name, this.videos.get(name) ?? { items: [], done: null }]);
    this.put(name, state);
    return true;
  },

  judge(video, segment, verdict) {
    const state = this.of(video), before = this.about(video, segment);
    const item = { ...origin(segment), label: segment.label, start: segment.start, end: segment.end, verdict };
    const items = state.items.filter((other) => other !== before);
    if (!before || before.verdict !== verdict) items.push(item);  // the same again takes it back
    this.set(video, { ...state, items });
  },
  edit(video, item, change) {
    const state = this.of(video);
    const next = { ...item, ...change, verdict: item.verdict === "added" ? "added" : "changed" };
    this.set(video, { ...state, items: state.items.map((other) => (other === item ? next : other)) });
    return next;
  },
  // A predicted segment with other ends or another class.
  amend(video, segment, change) {
    const state = this.of(video), before = this.about(video, segment);
    if (before && before.verdict !== "wrong") return this.edit(video, before, change);
    const next = { ...origin(segment), label: segment.label, start: segment.start, end: segment.end, ...change, verdict: "changed" };
    this.set(video, { ...state, items: [...state.items.filter((other) => other !== before), next] });
    return next;
  },
  add(video, label, start, end) {
    const item = { row: null, index: null, original: null, score: null, label, start, end, verdict: "added" };
    const state = this.of(video);
    this.set(video, { ...state, items: [...state.items, item] });
    return item;
  },
  remove(video, item) {
    const state = this.of(video);
    this.set(video, { ...state, items: state.items.filter((other) => other !== item) });
  },
  split(video, item, moment) {
    const state = this.of(video);
    if (!(item.start + SHORTEST <= moment && moment <= item.end - SHORTEST)) return null;
    const first = { ...item, end: moment, verdict: item.verdict === "added" ? "added" : "changed" };
    const second = { row: null, index: null, original: null, score: null, label: item.label, start: moment, end: item.end, verdict: "added" };
    this.set(video, { ...state, items: state.items.flatMap((other) => (other === item ? [first, second] : [other])) });
    return first;
  },
  merge(video, item) {
    const state = this.of(video);
    const next = state.items.filter((other) => other !== item && other.verdict !== "wrong" && other.label === item.label && other.start >= item.start)
      .sort((a, b) => a.start - b.start)[0];
    if (!next) return null;
    const joined = { ...item, end: Math.max(item.end, next.end), verdict: item.verdict === "added" ? "added" : "changed" };
    // What the second one was judged by is kept: it was right, and is part of the first one now.
    const rest = state.items.filter((other) => other !== next).map((other) => (other === item ? joined : other));
    if (next.row !== null) rest.push({ ...next, verdict: "wrong" });
    this.set(video, { ...state, items: rest });
    return joined;
  },
  finish(video) {
    const state = this.of(video);
    this.set(video, { ...state, done: state.done !== true });  // also where it only followed from every segment being judged
  },

  keep() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.keepNow(), DATA.served ? 300 : 50);
  },
  keepBeforeLeaving() {  // a page that is reloaded or closed right after a key
    if (this.timer) this.keepNow();
  },
  async keepNow() {
    clearTimeout(this.timer);
    this.timer = 0;
    const text = JSON.stringify(toFile());
    try {
      if (DATA.served) {
        const headers = { "Content-Type": "application/json", "X-Page": String(DATA.number) };
        // What outlives the page may be 64 KiB at most.
        const answer = await fetch("corrections", { method: "PUT", body: text, headers, keepalive: text.length < 60_000 });
        if (!answer.ok) throw new Error((await answer.text()).slice(0, 300));
        this.saved = `saved in ${DATA.corrections}`;
      } else {
        localStorage.setItem(KEPT, `{"from":${JSON.stringify(DATA.kept_id)},"file":${text}}`);
        this.saved = "kept in this browser; “Save” writes the file";
      }
    } catch (error) {
      this.saved = `not saved: ${error.message}`;
    }
    for (const listener of this.listeners) listener(null);
  },
  restore() {
    if (DATA.kept) {
      fromFile(DATA.kept);
      this.saved = DATA.served ? `saved in ${DATA.corrections}` : "from an earlier page; “Save” writes the file";
    }
    if (DATA.served) return;
    try {
      const kept = JSON.parse(localStorage.getItem(KEPT) ?? "null");
      if (!kept) return;
      fromFile(kept.file);
      // Of a video that both know, this browser was told last only if it began with the same file.
      if (DATA.kept && kept.from !== DATA.kept_id) fromFile(DATA.kept);
    } catch { /* nothing that can be used */ }
  },
};

function origin(segment) {
  const { start, end, label } = segment;
  return { row: segment.row, index: segment.index, score: segment.score, original: { start, end, label } };
}

const isDone = (video) => corrections.of(video).done ?? judgedAll(video);

// Every segment that some row shows has been judged.
function judgedAll(video) {
  if (!corrections.videos.has(video.name)) return false;
  return ROWS.some((_, row) => {
    const shown = segmentsOf(video, row).filter((s) => s.final);
    return shown.length > 0 && shown.every((s) => corrections.about(video, s));
  });
}

// The file: annotations in ActivityNet's layout, so that it is truth for whoever reads those, and the judgements beside them.
function toFile() {
  const database = {}, judgements = [];
  for (const video of VIDEOS) {
    const state = corrections.videos.get(video.name);
    if (!state || (!state.items.length && state.done === null && !corrections.elsewhere.has(video.name))) continue;
    const right = state.items.filter((item) => item.verdict !== "wrong").sort((a, b) => a.start - b.start);
    database[video.name] = {
      subset: isDone(video) ? "corrected" : "in progress", duration: lengthOf(video),
      labels: [...new Set(right.map((item) => CLASSES[item.label]))].sort(),
      annotations: right.map((item) => ({ label: CLASSES[item.label], segment: [item.start, item.end] })),
    };
    if (state.done !== null) database[video.name].done = state.done;
    for (const item of state.items) {
      if (item.said && isAsSaid(item)) {
        judgements.push(item.said);
        continue;
      }
      const before = item.original;
      judgements.push({
        video: video.name, verdict: item.verdict, row: item.row === null ? null : ROWS[item.row].name, score: item.score,
        predicted: before && { label: CLASSES[before.label], segment: [before.start, before.end] },
        segment: { label: CLASSES[item.label], segment: [item.start, item.end] },
      });
    }
  }
  for (const [name, { about, said }] of corrections.elsewhere) {
    if (about) database[name] = about;
    judgements.push(...said);
  }
  return {
    version: "weaktal corrections 1", taxonomy: [], classes: classesIn(database, judgements), subsets: { train: "corrected", test: "corrected" },
    page: DATA.id, database, judgements,
  };
}

// Whether a segment that another page's row predicted is still what was said of it there.
function isAsSaid({ said, label, start, end }) {
  return CLASSES[label] === said.segment.label && start === said.segment.segment[0] && end === said.segment.segment[1];
}

// The page's classes, and those that only what it does not show has.
function classesIn(database, judgements) {
  const more = Object.values(database).flatMap((about) => [...about.labels, ...about.annotations.map((span) => span.label)]);
  const judged = judgements.flatMap((said) => [said.segment.label, ...(said.predicted ? [said.predicted.label] : [])]);
  return [...new Set([...CLASSES, ...more, ...judged])];
}

// Takes a file back; videos and rows that are not on this page are kept aside. Returns how many judgements were taken.
function fromFile(file) {
  const named = new Map(VIDEOS.map((video) => [video.name, video]));
  const rows = new Map(ROWS.map((row, index) => [row.name, index]));
  let taken = 0;
  const read = (span) => ({ label: CLASSES.indexOf(span.label), start: Number(span.segment[0]), end: Number(span.segment[1]) });
  const states = new Map();
  const stateOf = (name) => states.get(name) ?? states.set(name, { items: [], done: file.database[name]?.done ?? null }).get(name);
  const aside = new Map();
  const asideOf = (name) => aside.get(name) ?? aside.set(name, { about: named.has(name) ? null : file.database?.[name], said: [] }).get(name);
  for (const name of Object.keys(file.database ?? {})) if (named.has(name)) stateOf(name); else asideOf(name);
  for (const said of file.judgements ?? []) {
    const video = named.get(said.video), unknown = said.row !== null && !rows.has(said.row);
    if (!(said.verdict in VERDICTS)) continue;
    if (!video || (unknown && said.verdict === "wrong")) {
      asideOf(said.video).said.push(said);
      continue;
    }
    const item = { ...read(said.segment), verdict: said.verdict, row: null, index: null, original: null, score: null };
    if (item.label < 0 || !(item.start <= item.end)) continue;
    if (said.predicted && rows.has(said.row)) {
      const original = read(said.predicted), row = rows.get(said.row);
      const segment = segmentsOf(video, row).find((s) => s.label === original.label && Math.abs(s.start - original.start) < 1e-3 && Math.abs(s.end - original.end) < 1e-3);
      if (segment) Object.assign(item, origin(segment));
      else if (item.verdict !== "wrong") item.verdict = "added"; else continue;
    } else if (item.verdict !== "wrong") {
      item.verdict = "added";
      if (unknown) item.said = said;
    } else continue;
    stateOf(said.video).items.push(item);
    taken++;
  }
  for (const [name, state] of states) corrections.videos.set(name, state);
  for (const [name, kept] of aside) corrections.elsewhere.set(name, kept);
  return taken;
}

// Of a row's judged segments, the share that was right, with Wilson's interval of 95 %; a changed one counts if it overlapped what it became.
function precisionOf(row) {
  let right = 0, judged = 0;
  for (const { items } of corrections.videos.values()) {
    for (const item of items) {
      if (item.row !== row) continue;
      judged++;
      const kept = item.verdict === "right" || (item.verdict === "changed" && item.label === item.original.label && overlap(item, item.original) >= DATA.tiou);
      if (kept) right++;
    }
  }
  if (!judged) return null;
  const z = 1.959964, share = right / judged, wide = 1 + z * z / judged;
  const middle = (share + z * z / (2 * judged)) / wide;
  const half = z / wide * Math.sqrt(share * (1 - share) / judged + z * z / (4 * judged * judged));
  const unsure = clamp(middle, 0.05, 0.95);
  const more = Math.max(0, Math.ceil(z * z * unsure * (1 - unsure) / 0.0025) - judged);
  return { right, judged, share, low: Math.max(0, middle - half), high: Math.min(1, middle + half), more };
}
