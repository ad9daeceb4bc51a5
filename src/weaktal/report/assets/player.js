// Plays a video, or runs a clock over its pictures where the browser has no video that it can play.
const SPEEDS = [0.25, 0.5, 1, 1.5, 2, 4, 8];
const player = {
  element: byId("video"), video: null, moment: 0, speed: 1, running: false, loop: null, backwards: false, listeners: [], real: false,

  open(video, moment = 0) {
    this.video = video;
    this.moment = moment;
    this.loop = null;
    this.backwards = false;
    this.running = false;
    this.real = Boolean(video.url);
    this.element.hidden = !this.real;
    this.explain(this.real ? "" : video.unplayable ?? "The video is not at hand: the clock runs without it.");
    if (this.real) {
      this.element.src = video.url;
      this.element.playbackRate = this.speed;
      this.element.currentTime = moment;
    } else {
      this.element.removeAttribute("src");
      this.element.load();
    }
    this.still();
    this.tell();
  },
  explain(text) {
    byId("noplay").textContent = text;
    byId("noplay").hidden = !text;
    this.still();
  },
  // The picture of the strip at this moment, where the video itself does not play.
  still() {
    const canvas = byId("still"), film = this.video?.film, picture = this.video?.picture;
    const over = film?.ends && this.moment > film.ends;  // the strip repeats its last picture
    canvas.hidden = this.real || !film || over || !picture?.complete || !picture.naturalWidth;
    if (canvas.hidden) return;
    const wide = picture.naturalWidth / film.count;
    canvas.width = wide;
    canvas.height = picture.naturalHeight;
    const index = clamp(Math.floor(this.moment / lengthOf(this.video) * film.count), 0, film.count - 1);
    canvas.getContext("2d").drawImage(picture, index * wide, 0, wide, picture.naturalHeight, 0, 0, wide, picture.naturalHeight);
  },
  seek(moment) {
    this.moment = clamp(moment, 0, lengthOf(this.video));
    if (this.real) this.element.currentTime = this.moment;
    this.tell();
  },
  toggle() { if (this.running) this.pause(); else this.play(); },
  play() {
    if (this.moment >= lengthOf(this.video) - 0.01) this.seek(0);
    this.running = true;
    this.backwards = false;
    this.before = performance.now();
    if (this.real) this.element.play().catch(() => this.pause());
    this.tick();
    this.tell();
  },
  pause() {
    this.running = this.backwards = false;
    if (this.real) this.element.pause();
    this.tell();
  },
  reverse() {  // browsers do not play backwards: the moment steps back
    if (this.real) this.element.pause();
    this.running = this.backwards = true;
    this.before = performance.now();
    this.tick();
    this.tell();
  },
  faster(steps) {
    const at = SPEEDS.indexOf(this.speed);
    this.speed = SPEEDS[clamp(at + steps, 0, SPEEDS.length - 1)];
    this.element.playbackRate = this.speed;
    this.tell();
  },
  tick() {
    cancelAnimationFrame(this.waiting);
    if (!this.running) return;
    const now = performance.now(), passed = (now - this.before) / 1000 * this.speed;
    this.before = now;
    if (this.backwards) {
      this.moment = Math.max(0, this.moment - passed);
      if (this.real) this.element.currentTime = this.moment;
      if (this.moment === 0) this.pause();
    } else if (this.real) this.moment = this.element.currentTime;
    else this.moment += passed;
    if (this.loop && !this.backwards && (this.moment >= this.loop.end || this.moment < this.loop.start - 0.3)) this.seek(this.loop.start);
    if (this.moment >= lengthOf(this.video) && !this.backwards) { this.moment = lengthOf(this.video); this.pause(); }
    this.tell();
    this.waiting = requestAnimationFrame(() => this.tick());
  },
  tell() {
    this.still();
    for (const listener of this.listeners) listener();
  },
};

player.element.addEventListener("error", () => {
  if (!player.real || !player.element.getAttribute("src")) return;
  if (DATA.served && !player.element.src.endsWith("?converted")) {  // HEVC and others: the server makes a copy that plays
    const { moment } = player;
    player.explain("This browser cannot play the file itself: a copy is being made.");
    player.element.src = `${player.video.url}?converted`;
    player.element.currentTime = moment;
    return;
  }
  player.real = false;
  player.element.hidden = true;
  player.explain("This browser cannot play the video here: it is shown by its pictures, and the clock runs without it.");
});
player.element.addEventListener("loadeddata", () => { if (player.real && player.element.src.endsWith("?converted")) player.explain("A copy is playing: the browser cannot play the file itself."); });
player.element.addEventListener("seeked", () => {
  if (!player.running) { player.moment = player.element.currentTime; player.tell(); }
});
player.element.addEventListener("pause", () => { if (player.running && !player.backwards) { player.running = false; player.tell(); } });
player.element.addEventListener("play", () => { if (!player.running) { player.running = true; player.before = performance.now(); player.tick(); player.tell(); } });
