// The list of all videos: search, filters, order. An entry is a link, so it can be opened, copied and sent.
const ORDERS = {
  name: ["name", (video) => video.name],
  length: ["length, longest first", (video) => -lengthOf(video)],
  score: ["highest score first", (video) => -best(video)],
  unsure: ["lowest best score first", (video) => best(video)],
  misses: ["most misses first", (video) => -counts(video).misses],
  alarms: ["most false alarms first", (video) => -counts(video).alarms],
  difference: ["where the first two rows differ most", (video) => -difference(video)],
  judged: ["not judged first", (video) => (isDone(video) ? 1 : 0)],
};

const list = {
  shown: VIDEOS,
  start() {
    this.entries = new Map(VIDEOS.map((video) => [video, this.entry(video)]));
    for (const [key, [said]] of Object.entries(ORDERS)) {
      if (!DATA.truth && (key === "misses" || key === "alarms")) continue;
      if (ROWS.length < 2 && key === "difference") continue;
      byId("order").append(make("option", { value: key }, said));
    }
    for (const [index, label] of CLASSES.entries()) byId("by-class").append(make("option", { value: index }, label));
    for (const [index, row] of ROWS.entries()) byId("by-row").append(make("option", { value: index }, row.name));
    if (DATA.truth) for (const [kind, [sign, said]] of Object.entries(KINDS)) byId("by-kind").append(make("option", { value: kind }, `${sign} ${said.split(":")[0]}`));
    if (DATA.truth) byId("by-kind").append(make("option", { value: "missed" }, "missed"));
    if (ROWS.length > 1) byId("by-kind").append(make("option", { value: "differs" }, "not found by every row"));
    byId("by-kind").append(make("option", { value: "unjudged" }, "not judged yet"), make("option", { value: "judged" }, "judged"));
    for (const id of ["search", "order", "by-class", "by-row", "by-kind", "by-score"]) byId(id).addEventListener("input", () => this.refresh());
    this.refresh();
  },
  entry(video) {
    const tags = video.tags.map((label) => CLASSES[label]).join(", ");
    return make("a", { href: link(video), className: "entry", title: video.name },
      make("b", {}, video.name), make("span", {}, `${video.duration ? clock(video.duration) : "?"}${tags ? ` · ${tags}` : ""}`), make("span", { className: "signs" }));
  },
  filters() {
    const number = (id) => (byId(id).value === "" ? null : Number(byId(id).value));
    return { words: byId("search").value.trim().toLowerCase(), label: number("by-class"), row: number("by-row"), kind: byId("by-kind").value, score: Number(byId("by-score").value) };
  },
  // Whether a segment is one that the filters ask for; the figure and the table follow them too.
  wants(video, segment, { label, row, kind, score }) {
    if (label !== null && segment.label !== label) return false;
    if (row !== null && segment.row !== row) return false;
    if (score > 0 && segment.score < score) return false;
    if (kind === "unjudged" || kind === "judged") return Boolean(corrections.about(video, segment)) === (kind === "judged");
    if (kind === "differs") return differs(video, segment);
    return !kind || segment.kind === kind;
  },
  passes(video, filters) {
    const { words, label, row, kind, score } = filters;
    if (words && !`${video.name} ${video.tags.map((tag) => CLASSES[tag]).join(" ")}`.toLowerCase().includes(words)) return false;
    if (label === null && row === null && !kind && !(score > 0)) return true;
    if (kind === "missed") return ROWS.some((_, r) => (row === null || r === row) && missedBy(video, r).some((index) => label === null || truthOf(video)[index].label === label));
    if (!kind && row === null && !(score > 0) && (video.tags.includes(label) || (truthOf(video) ?? []).some((s) => s.label === label))) return true;
    return ROWS.some((_, r) => segmentsOf(video, r).some((s) => s.final && this.wants(video, s, filters)));
  },
  refresh() {
    const filters = this.filters(), key = ORDERS[byId("order").value][1];
    byId("score-said").textContent = filters.score > 0 ? filters.score.toFixed(2) : "any";
    const keyed = VIDEOS.filter((video) => this.passes(video, filters)).map((video) => [key(video), video]);
    keyed.sort(([a, v], [b, w]) => (a < b ? -1 : a > b ? 1 : v.name < w.name ? -1 : 1));
    this.shown = keyed.map(([, video]) => video);
    byId("list").replaceChildren(...this.shown.map((video) => this.entries.get(video)));
    byId("count").textContent = this.shown.length === VIDEOS.length ? `${VIDEOS.length} video${VIDEOS.length === 1 ? "" : "s"}` : `${this.shown.length} of ${VIDEOS.length} videos`;
    this.mark();
    this.onRefresh?.();
  },
  mark() {
    this.current?.removeAttribute("aria-current");
    this.current = this.entries.get(player.video);
    this.current?.setAttribute("aria-current", "true");
    for (const video of this.shown) {
      const entry = this.entries.get(video);
      const judged = corrections.of(video).items.length;
      const { misses, alarms } = DATA.truth && video.truth ? counts(video) : { misses: null, alarms: null };
      const apart = byId("order").value === "difference" ? `${difference(video)} differ` : "";
      const signs = [apart, misses === null ? "" : `${misses} missed, ${alarms} false`, judged ? (isDone(video) ? "☑ judged" : `${judged} judged`) : ""];
      const said = signs.filter(Boolean).join(" · ");
      if (entry.said !== said) entry.lastChild.textContent = entry.said = said;
    }
    if (this.current) reveal(byId("list"), this.current);
  },
};

const missedBy = (video, row) => video.found[row]?.missed ?? [];

function best(video) {
  let most = 0;
  for (let row = 0; row < ROWS.length; row++) for (const s of segmentsOf(video, row)) most = Math.max(most, s.score);
  return most;
}

// Misses and false alarms of the first row, among what the page shows.
function counts(video) {
  const row = Number(byId("by-row").value) || 0;
  return { misses: missedBy(video, row).length, alarms: segmentsOf(video, row).filter((s) => s.final && s.kind && s.kind !== "hit").length };
}

// Whether a row shows the same action as a segment of another row.
const partner = (video, segment, row) => segmentsOf(video, row).some((s) => s.final && s.label === segment.label && overlap(s, segment) >= DATA.tiou);

// Whether some row has no partner of a segment.
const differs = (video, segment) => ROWS.some((_, row) => row !== segment.row && !partner(video, segment, row));

// How many segments of the first two rows have no partner in the other.
function difference(video) {
  video.difference ??= [0, 1].reduce((sum, row) => sum + segmentsOf(video, row).filter((s) => s.final && !partner(video, s, 1 - row)).length, 0);
  return video.difference;
}

function link(video, moment = null, segment = null) {
  const parts = new URLSearchParams({ video: video.name });
  if (segment && segment.row !== null && segment.row !== undefined) parts.set("segment", `${segment.row}.${segment.index}`);
  else if (moment !== null) parts.set("t", moment.toFixed(2));
  return `#${parts}`;
}
