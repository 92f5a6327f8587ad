// Keeps the page true: the server says that something changed, the page fetches itself again and takes over what
// differs, in place. Nothing on screen moves: what is new goes to the end until the list is opened again.

const find = (selector, within = document) => within.querySelector(selector);
const findAll = (selector, within = document) => [...within.querySelectorAll(selector)];
const { zone, home = "/" } = document.body.dataset; // `home`: the list of this page
const ahead = Date.parse(document.body.dataset.now) - Date.now();
const STALE_MS = 25_000, LONGEST_MS = 15_000;
const own = new Set(); // episodes changed by a button on this page: no news to who pressed it
const called = new Set(); // episodes whose number was dialled from this page
const unsaved = []; // typed notes whose form is gone, each as it is shown
let presses = 0, silence; // what was fetched before the latest press is out of date
let release = null; // ends the lock of the hidden page that keeps its stream
let seenAt = Date.now(), triedAt = 0, source = null, fetching = false, again = false, postponed = false, news = 0, retryMs = 1000;

function ago(at) {
  const seconds = (Date.now() + ahead - at) / 1000;
  if (seconds < 45) return "just now";
  const [minutes, hours, days] = [60, 3600, 86400].map((unit) => Math.round(seconds / unit));
  if (minutes < 60) return `${minutes} min ago`;
  if (hours < 24) return `${hours} h ago`;
  return days < 14 ? `${days} ${days === 1 ? "day" : "days"} ago` : null;
}

function left(until) {
  let minutes = Math.floor((until - Date.now() - ahead) / 60_000);
  if (minutes < 0) return "overdue";
  if (minutes < 1) return "under 1 min left";
  if (minutes < 60) return `${minutes} min left`;
  const hours = Math.floor(minutes / 60);
  minutes %= 60;
  if (hours < 10 && minutes) return `${hours} h ${minutes} min left`;
  return hours < 48 ? `${hours} h left` : `${Math.floor(hours / 24)} days left`;
}

const clock = (at, timeZone) => new Intl.DateTimeFormat("en-GB", { timeStyle: "short", timeZone }).format(at);

function write(element, text) {
  if (element && text !== null && element.textContent !== text) element.textContent = text;
}

function tick() {
  for (const time of findAll("[data-time]")) write(time, ago(Date.parse(time.dateTime)));
  for (const time of findAll("[data-left]")) write(time, left(Date.parse(time.dateTime)));
  for (const line of findAll("[data-urgent-from]")) line.classList.toggle("urgent", Date.now() + ahead >= Date.parse(line.dataset.urgentFrom));
  for (const there of findAll("[data-clock]")) write(there, clock(Date.now() + ahead, there.dataset.clock));
  if (source && Date.now() - Math.max(seenAt, triedAt) > STALE_MS) { show("lost"); connect(); }
  if (postponed && !inUse(document)) { postponed = false; refresh(); }
  showKeys();
}

function show(state) {
  const place = find("[data-connection]");
  if (state === "live") seenAt = Date.now();
  if (place.dataset.state === state) return;
  place.dataset.state = state;
  place.hidden = false;
  write(place, state === "live" ? "Live" : `Reconnecting, last seen ${clock(seenAt + ahead, zone)}`);
}

// A browser allows six connections to a server, over HTTP/1.1 for all pages together: each page in view has its stream,
// and of those hidden the one that holds the lock. The others fetch themselves each minute, and when they are looked at.
function connectOrRest() {
  if (!document.hidden) {
    release?.();
    release = null;
    if (!source) connect();
    return;
  }
  if (release) return;
  if (!navigator.locks) return rest();
  navigator.locks.request("stream", { ifAvailable: true }, (lock) => {
    if (!document.hidden || release) return;  // the page was looked at meanwhile
    if (!lock) return rest();
    const held = new Promise((resolve) => { release = resolve; });
    if (!source) connect();
    return held;
  });
}

function rest() {
  source?.close();
  source = null;
}

function connect() {
  rest();
  if (document.hidden && !release) return connectOrRest();
  triedAt = Date.now();
  const shown = new URLSearchParams({ state: document.body.dataset.state });
  const chosen = find("[data-detail] [data-episode]")?.dataset.episode;
  if (chosen) shown.set("episode", chosen);
  if (home !== "/") shown.set("page", home.slice(1));
  source = new EventSource(`/live?${shown}`);
  source.addEventListener("changed", refresh);
  source.addEventListener("alive", () => { show("live"); write(find("[data-checked]"), clock(Date.now() + ahead, zone)); });
  source.addEventListener("paused", () => show("lost"));
  source.addEventListener("error", () => {
    show("lost");
    if (source.readyState === EventSource.CLOSED) later(() => { connect(); refresh(); });
  });
}

function later(action) {
  setTimeout(action, retryMs * (0.5 + Math.random()));
  retryMs = Math.min(retryMs * 2, 15_000);
}

// What the page fetches by itself: that prolongs no session.
const fetchPage = (address) => fetch(address + location.search, {
  cache: "no-store", headers: { "X-Refresh": "yes" }, signal: AbortSignal.timeout(LONGEST_MS),
});

async function current() {
  const chosen = find("[data-detail] [data-episode]")?.dataset.episode;
  let answer = await fetchPage(chosen ? `/episodes/${chosen}` : home);
  if (answer.status === 404) answer = await fetchPage(home);
  const page = await read(answer);
  if (!answer.ok) throw new Error(String(answer.status));
  return page;
}

async function refresh() {
  if (fetching) { again = true; return; }
  fetching = true;
  const before = presses;
  try {
    const page = await current();
    presses === before ? takeOver(page) : (again = true);
    show("live");
    retryMs = 1000;
  } catch {
    show("lost");
    again = false;
    later(refresh);
  }
  fetching = false;
  if (again) { again = false; refresh(); }
}

// Signed out meanwhile: the page leaves for the way in, and the code that waits for the answer does nothing more.
async function read(answer) {
  if (new URL(answer.url).pathname === "/sign-in") { location.reload(); await new Promise(() => {}); }
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

function takeOverHead(fresh) {
  document.dispatchEvent(new CustomEvent("fetched", { detail: fresh }));
  const count = find("[data-count]", fresh)?.textContent ?? "", { title } = document.body.dataset;
  document.title = count ? `(${count}) ${title}` : title;
  document.body.dataset.state = fresh.body.dataset.state;
  write(find("[data-count]"), count);
}

function takeOver(fresh) {
  takeOverHead(fresh);
  const list = find("[data-list]"), freshList = find("[data-list]", fresh);
  if (!list !== !freshList) inUse(find("[data-main]")) ? (postponed = true) : replaceMain(fresh);
  takeOverDuties(find("[data-duties]", fresh));  // none where the main part has just taken them along
  takeOverFollowing(fresh);
  takeOverFigures(fresh);
  if (!list || !freshList) { showUnsaved(); return tick(); }
  takeOverCounts(fresh);
  const known = new Set(findAll("[data-episode]", list).map((row) => row.dataset.episode));
  for (const row of findAll("[data-episode]", list)) replace(row, find(`#${row.id}`, freshList), list);
  for (const row of findAll("[data-episode]", freshList)) if (!known.has(row.dataset.episode)) arrive(list, row);
  const shown = find("[data-detail] [data-episode]");
  if (shown) replace(shown, find(`[data-detail] [data-episode="${shown.dataset.episode}"]`, fresh));
  showUnsaved();
  tick();
}

function takeOverFigures(fresh) {
  const old = find("[data-figures]"), section = find("[data-figures]", fresh);
  if (!old || !section) return;
  if (old.contains(document.activeElement)) postponed = true;
  else old.replaceWith(section);
}

// The filters keep their places, their counts follow. What is acknowledged together only ever becomes less: what came
// after the page was opened was not seen when the button is pressed.
function takeOverCounts(fresh) {
  const counts = findAll("[data-filters] .number", fresh);
  findAll("[data-filters] .number").forEach((each, place) => write(each, counts[place]?.textContent ?? null));
  const forms = findAll("[data-together]", fresh), shown = (form) => findAll("[name=episode]", form).map((each) => each.value);
  for (const old of findAll("[data-together]")) {
    const form = forms.find((each) => each.dataset.together === old.dataset.together), known = new Set(shown(old));
    old.inert = !form;
    if (!form || inUse(old) || shown(form).length >= known.size || !shown(form).every((each) => known.has(each))) continue;
    keepTrouble(old, form);
    old.replaceWith(form);
  }
}

// A button on its way down and a list to choose from would be gone: what changed is taken over a little later.
function inUse(part) {
  return find("[aria-busy], select:focus, textarea:focus, button:active", part);
}

function takeOverDuties(fresh) {
  const old = find("[data-duties]");
  if (!old || !fresh || old.dataset.version === fresh.dataset.version) return;
  if (inUse(old)) { postponed = true; return; }
  const held = old.contains(document.activeElement);
  keepTrouble(old, fresh);
  old.replaceWith(fresh);
  if (held) find(".button", fresh)?.focus({ preventScroll: true });
}

// Episodes with others: a line changes in place, one that has gone is greyed, and a new one comes last.
function takeOverFollowing(fresh) {
  const old = find("[data-following]"), section = find("[data-following]", fresh), list = old && find(".followed", old);
  if (!old || !section) return;
  if (!list) return old.replaceWith(section);
  const counts = findAll("[data-with-others]", fresh), lines = new Map(findAll(".followed > li", section).map((line) => [find("a", line).pathname, line]));
  findAll("[data-with-others]").forEach((each, place) => write(each, counts[place]?.textContent ?? "0"));
  for (const line of [...list.children]) {
    const link = find("a", line), twin = lines.get(link.pathname), held = link === document.activeElement;
    line.inert = !twin;
    lines.delete(link.pathname);
    if (!twin || twin.innerHTML === line.innerHTML) continue;
    line.replaceWith(twin);
    if (held) find("a", twin).focus({ preventScroll: true });
  }
  list.append(...lines.values());
}

function replace(old, fresh, list) {
  if (!fresh) {
    old.inert = list?.dataset.list !== "some";
    if (old.inert) keepEntered(old, new DocumentFragment());
    return;
  }
  old.inert = false;
  if (old.dataset.version === fresh.dataset.version) return rewritePlaces(old, fresh);
  if (inUse(old)) { postponed = true; return; }
  const active = document.activeElement, held = old.contains(active), kept = new Set(findAll("[data-keep][open]", old).map((each) => each.dataset.keep));
  for (const each of findAll("[data-keep]", fresh)) each.open = kept.has(each.dataset.keep);
  const same = held ? keepEntered(old, fresh, active) : keepEntered(old, fresh);
  if (!own.has(old.dataset.episode)) fresh.dataset.changed = "";
  if (called.has(fresh.dataset.episode)) afterCall(fresh);
  find("h3 a", old)?.hasAttribute("aria-current") && find("h3 a", fresh)?.setAttribute("aria-current", "true");
  old.replaceWith(fresh);
  if (!held) return;
  if (active.matches("h2")) return focusHeading(fresh);
  const next = [...findAll(".actions .button, .undo .button", fresh), find("h3 a", fresh)].find((each) => each?.checkVisibility());
  // After a press here it comes into view; what others do moves nothing.
  (same ?? next ?? find("[data-detail]")).focus({ preventScroll: !!same || !own.has(fresh.dataset.episode) });
}

// Which call it is changes with the calls before it: that is no news of this episode.
function rewritePlaces(old, fresh) {
  const places = findAll("[data-place]", fresh);
  findAll("[data-place]", old).forEach((each, place) => write(each, places[place]?.textContent ?? null));
}

function replaceMain(fresh) {
  const old = find("[data-main]"), main = find("[data-main]", fresh);
  keepEntered(old, main);
  old.replaceWith(main);
}

// What a reader is about to enter stays entered, and what was said of it stays beside it; returns the fresh field that
// stands for the focused one.
function keepEntered(old, fresh, active) {
  let same;
  const lost = [];
  for (const field of findAll("form [name]:not([type=hidden], button)", old)) {
    const twin = twinOf(field, `[name="${field.name}"]:not([type=hidden], button)`, old, fresh);
    const entered = field.value !== (field.defaultValue ?? "");
    if (twin && entered) {
      twin.value = field.value;
      twin.closest("details:not([data-keep])")?.setAttribute("open", "");
    }
    if (!twin && entered && field.matches("textarea")) lost.push(field);
    if (twin && field === active) same = twin;
  }
  keepTrouble(old, fresh);
  for (const field of lost) keepNote(field, fresh);
  return same;
}

// What went wrong stays beside its button until the next press: who looked away meanwhile believes it was saved.
function keepTrouble(old, fresh) {
  for (const trouble of findAll("form .trouble:not([hidden])", old)) twinOf(trouble, ".trouble", old, fresh)?.replaceWith(trouble.cloneNode(true));
}

function twinOf(part, selector, old, fresh) {
  const alike = `form[action="${CSS.escape(part.closest("form").getAttribute("action"))}"] ${selector}`;
  return findAll(alike, fresh)[findAll(alike, old).indexOf(part)];
}

// A note whose form is gone is shown until it is dismissed or saved. Another form of the episode that takes a note gets it.
function keepNote(field, fresh) {
  const note = field.value.trim(), path = field.form.getAttribute("action").replace(/[^/]*$/, "");
  if (!note || field.dataset.lost) return;
  field.dataset.lost = "";  // a form that cannot be used any more may still be shown: once is enough
  const other = findAll(`form[action^="${CSS.escape(path)}"] textarea[name="${field.name}"]`, fresh).find((each) => !each.value);
  if (other) {
    other.value = field.value;
    for (let around = other.closest("details"); around; around = around.parentElement.closest("details")) around.open = true;
  }
  if (unsaved.some((each) => find("blockquote", each).textContent === note)) return;
  const shown = find("template[data-unsaved]").content.firstElementChild.cloneNode(true);
  const trouble = find(".trouble:not([hidden], [data-unanswered])", field.form);
  write(find(".trouble", shown), trouble?.textContent ?? `This changed while you were writing.${other ? " Your note is now in another form below." : ""}`);
  write(find("blockquote", shown), note);
  unsaved.push(shown);
}

function showUnsaved() {
  const place = find("[data-detail]") ?? find("[data-main]");
  for (const each of unsaved) if (!each.isConnected) place.prepend(each);
}

function forget(lost) {
  for (const each of unsaved.filter(lost)) { each.remove(); unsaved.splice(unsaved.indexOf(each), 1); }
}

function arrive(list, row) {
  find("h3 a", row).removeAttribute("aria-current");
  list.append(row);
  if (Number.parseFloat(row.dataset.version) * 1000 < Date.parse(document.body.dataset.now)) return;
  row.dataset.arrived = "";
  news += 1;
  find("[data-news]").hidden = false;
  write(find("[data-news]"), `${news} new`);
  write(find("[data-announce]"), `New: ${find("h3 a", row).textContent}, ${find(".severity", row).textContent}`);
}

// Sends a form, and says so on its button until `finish` returns it to its words, and says beside it what went wrong.
async function send(form, button) {
  const label = button.innerHTML, trouble = find(".trouble", form), body = new URLSearchParams(new FormData(form, button));
  const address = button.hasAttribute("formaction") ? button.formAction : form.action;
  form.setAttribute("aria-busy", "true");
  trouble.hidden = true;
  button.textContent = button.dataset.working;
  let page, status, problem = "This may not be saved: the server did not respond. Try again when this page shows “Live”; pressing twice is safe.";
  try {
    const answer = await fetch(address, { method: "POST", body, signal: AbortSignal.timeout(LONGEST_MS) });
    page = await read(answer);
    status = answer.status;
    problem = answer.ok ? null : find("[data-message]", page)?.textContent ?? "That didn't work. Reload the page and try again.";
    delete trouble.dataset.unanswered;
  } catch {  // the words for this are set above
    trouble.dataset.unanswered = "";
    show("lost");
    later(refresh);
  }
  const finish = () => {
    form.removeAttribute("aria-busy");
    button.innerHTML = label;
    trouble.hidden = !problem;
    write(trouble, problem);
  };
  return { page, status, problem, finish };
}

// What came of a press, for a moment where everybody looks: its button may be scrolled or folded away, or gone.
function say(words, about) {
  const said = find("[data-said]");
  write(find("[data-announce]"), words);
  write(said, about ? `${words}: ${about}` : words);
  said.hidden = false;
  clearTimeout(silence);
  silence = setTimeout(() => { said.hidden = true; }, 5000);
}

// Many at once: the answer is the list itself, as it then is. Until it comes this one is not fetched at each of them.
async function actTogether(form, button) {
  fetching = true;
  const { page, problem, finish } = await send(form, button);
  finish();
  fetching = false;
  if (!problem) showInstead(page);
  if (again) { again = false; refresh(); }
}

function showInstead(list) {
  document.body.dataset.title = list.body.dataset.title;
  takeOverHead(list);
  document.body.className = list.body.className;
  find(".bar .back")?.remove();
  replaceMain(list);
  history.replaceState(null, "", "/" + location.search);
  const results = find(".results");
  results.tabIndex = -1;
  results.focus();
  news = 0;
  find("[data-news]").hidden = true;
  showUnsaved();
  tick();
  connect();
}

// A button answers at once; without this script it is a plain form.
async function act(event) {
  const form = event.target.closest("form[data-action], form[data-together]");
  if (!form) return;
  event.preventDefault();
  if (form.hasAttribute("aria-busy")) return;
  const button = event.submitter ?? find("button", form);
  if (form.matches("[data-together]")) return actTogether(form, button);
  const episode = form.closest("[data-episode]")?.dataset.episode;
  own.add(episode);  // at once: the page may learn of the change before it has the answer
  for (const trouble of findAll(`[data-episode="${episode}"] form .trouble`)) trouble.hidden = true;
  const { status, problem, finish } = await send(form, button);
  if (problem) {
    finish();
    own.delete(episode);
    if (status === 409) { write(find("[data-announce]"), problem); refresh(); }
    return;
  }
  presses += 1;
  const fresh = await current().catch(() => null);  // so that no moment shows the answer beside what was so before
  finish();
  button.innerHTML = button.dataset.done;
  say(button.dataset.done, find("h2 bdi, h3 bdi", form.closest("[data-episode], li") ?? form)?.textContent);
  called.delete(episode);
  const written = findAll("textarea", form).map((each) => each.value.trim());
  forget((each) => written.includes(find("blockquote", each).textContent));
  const more = form.closest("details");
  if (more) foldUp(more);
  form.reset();
  fresh ? takeOver(fresh) : refresh();
  if (more) showHead(episode);
}

// What follows from a press further down is shown at the top: the clock, and who is asked to take it over.
function showHead(episode) {
  find(`[data-detail] [data-episode="${episode}"] header`)?.scrollIntoView({ block: "nearest" });
}

// The focus stays in the part that changes, which passes it on.
function foldUp(more) {
  const held = more.contains(document.activeElement);
  more.open = false;
  if (held) find("summary", more).focus({ preventScroll: true });
}

// Once the number was dialled, saying how it went is the next thing to do.
function afterCall(episode) {
  const call = find("[data-call].next", episode), reached = find("[data-reached]", episode);
  if (!call || !reached) return;
  call.classList.remove("next");
  reached.classList.add("next");
}

document.addEventListener("click", (event) => {
  const episode = event.target.closest("[data-call]")?.closest("[data-episode]");
  if (!episode) return;
  called.add(episode.dataset.episode);
  afterCall(episode);
});
document.addEventListener("click", (event) => {
  const dismissed = event.target.closest("[data-dismiss]")?.closest(".unsaved");
  if (dismissed) forget((each) => each === dismissed);
});
// Until when the chosen colleague may accept if no time is entered.
document.addEventListener("change", (event) => {
  const list = event.target.closest("[data-takers]"), until = list?.selectedOptions[0].dataset.until;
  if (until) write(find("[data-until-then]", list.form), until);
});

// From row to row by j and k; Enter opens one as it opens any link. Single keys can be switched off.
function showKeys() {
  const keys = find("[data-keys]");
  if (!keys) return;
  keys.hidden = !find("[data-list] .row:not([inert])");
  write(keys, localStorage.keys === "off" ? "Shortcuts are off. Turn on" : "Shortcuts: j/k to move, Enter to open. Turn off");
}

function move(event) {
  const step = { j: 1, k: -1 }[event.key];
  if (!step || !find("[data-keys]") || localStorage.keys === "off" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, select, textarea, [contenteditable]")) return;
  const rows = findAll("[data-list] .row:not([inert]) h3 a").filter((each) => each.checkVisibility());
  const place = rows.indexOf(event.target.closest(".row")?.querySelector("h3 a") ?? find("[data-list] [aria-current]"));
  rows[Math.min(Math.max(place + step, 0), rows.length - 1)]?.focus();
}

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-keys]")) return;
  localStorage.keys = localStorage.keys === "off" ? "on" : "off";
  showKeys();
});
document.addEventListener("keydown", move);

// Opened by the keyboard, an episode has the focus, from where it can be read on.
document.addEventListener("click", (event) => {
  const link = event.target.closest(".row h3 a");
  if (link && event.detail === 0) sessionStorage.opened = new URL(link.href).pathname;
});

function focusHeading(within) {
  const heading = find("h2", within);
  if (!heading) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}
if (location.hash === "#manage") find("#manage")?.setAttribute("open", "");
if (sessionStorage.opened === location.pathname) focusHeading(find("[data-detail]"));
delete sessionStorage.opened;

if (location.pathname === "/acknowledge-all") history.replaceState(null, "", "/" + location.search);
document.addEventListener("submit", act);
document.addEventListener("visibilitychange", () => { connectOrRest(); if (!document.hidden) { tick(); refresh(); } });
tick();
setInterval(tick, 5000);
setInterval(refresh, 60_000);
connectOrRest();
