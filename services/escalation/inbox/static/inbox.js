// Keeps the page true: the server says that something changed, the page fetches itself again and takes over what
// differs, in place. Nothing on screen moves: what is new goes to the end until the list is opened again.

const find = (selector, within = document) => within.querySelector(selector);
const findAll = (selector, within = document) => [...within.querySelectorAll(selector)];
const zone = document.body.dataset.zone;
const ahead = Date.parse(document.body.dataset.now) - Date.now();
const STALE_MS = 25_000;
const own = new Set(); // episodes changed by a button on this page: no news to who pressed it
const called = new Set(); // episodes whose number was dialled from this page
let seenAt = Date.now(), triedAt = 0, source = null, fetching = false, again = false, postponed = false, news = 0, retryMs = 1000;

function ago(at) {
  const seconds = (Date.now() + ahead - at) / 1000;
  if (seconds < 45) return "just now";
  if (seconds < 3600) return `${Math.max(1, Math.round(seconds / 60))} min ago`;
  if (seconds < 86400) return `${Math.round(seconds / 3600)} h ago`;
  const days = Math.round(seconds / 86400);
  return days < 14 ? `${days} ${days === 1 ? "day" : "days"} ago` : null;
}

function left(until) {
  let minutes = Math.floor((until - Date.now() - ahead) / 60_000);
  if (minutes < 0) return "time is up";
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
  for (const there of findAll("[data-clock]")) write(there, clock(Date.now() + ahead, there.dataset.clock));
  if (Date.now() - Math.max(seenAt, triedAt) > STALE_MS) { show("lost"); connect(); }
  if (postponed && !inUse(document)) { postponed = false; refresh(); }
  showKeys();
}

function show(state) {
  const place = find("[data-connection]");
  if (state === "live") seenAt = Date.now();
  if (place.dataset.state === state) return;
  place.dataset.state = state;
  place.hidden = false;
  if (state === "live") for (const trouble of findAll(".trouble[data-unanswered]")) trouble.hidden = true;
  write(place, state === "live" ? "Live" : `Reconnecting, last seen ${clock(seenAt + ahead, zone)}`);
}

function connect() {
  source?.close();
  triedAt = Date.now();
  const shown = new URLSearchParams({ state: document.body.dataset.state });
  const chosen = find("[data-detail] [data-episode]")?.dataset.episode;
  if (chosen) shown.set("episode", chosen);
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
const fetchPage = (address) => fetch(address + location.search, { cache: "no-store", headers: { "X-Refresh": "yes" } });

async function refresh() {
  if (fetching) { again = true; return; }
  fetching = true;
  const chosen = find("[data-detail] [data-episode]")?.dataset.episode;
  try {
    let answer = await fetchPage(chosen ? `/episodes/${chosen}` : "/");
    if (answer.status === 404) answer = await fetchPage("/");
    const page = await read(answer);
    if (!answer.ok) throw new Error(String(answer.status));
    takeOver(page);
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

// Signed out meanwhile: the page leaves for the way in, and whoever waits for the answer says nothing more.
async function read(answer) {
  if (new URL(answer.url).pathname === "/sign-in") { location.reload(); await new Promise(() => {}); }
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

function takeOverHead(fresh) {
  document.title = fresh.title;
  document.body.dataset.state = fresh.body.dataset.state;
  write(find("[data-count]"), find("[data-count]", fresh)?.textContent ?? "");
}

function takeOver(fresh) {
  takeOverHead(fresh);
  const list = find("[data-list]"), freshList = find("[data-list]", fresh);
  if (!list !== !freshList) find("[data-main]").replaceWith(find("[data-main]", fresh) ?? "");
  takeOverDuties(find("[data-duties]", fresh));  // none where the main part has just taken them along
  if (!list || !freshList) return tick();
  takeOverCounts(fresh);
  const known = new Set(findAll("[data-episode]", list).map((row) => row.dataset.episode));
  for (const row of findAll("[data-episode]", list)) replace(row, find(`#${row.id}`, freshList), list);
  for (const row of findAll("[data-episode]", freshList)) if (!known.has(row.dataset.episode)) arrive(list, row);
  const shown = find("[data-detail] [data-episode]");
  if (shown) replace(shown, find(`[data-detail] [data-episode="${shown.dataset.episode}"]`, fresh));
  tick();
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
    if (form && !inUse(old) && shown(form).length < known.size && shown(form).every((each) => known.has(each))) old.replaceWith(form);
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
  old.replaceWith(fresh);
  if (held) find(".button", fresh)?.focus({ preventScroll: true });
}

function replace(old, fresh, list) {
  if (!fresh) { old.inert = list?.dataset.list !== "some"; return; }
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
  const next = same ?? [...findAll(".actions .button, .undo .button", fresh), find("h3 a", fresh)].find((each) => each?.checkVisibility());
  if (held) next?.focus({ preventScroll: true });
}

// Which call it is changes with the calls before it: that is no news of this episode.
function rewritePlaces(old, fresh) {
  const places = findAll("[data-place]", fresh);
  findAll("[data-place]", old).forEach((each, place) => write(each, places[place]?.textContent ?? null));
}

// What somebody is about to enter stays entered; returns the fresh field that stands for the focused one.
function keepEntered(old, fresh, active) {
  let same;
  for (const field of findAll("form [name]:not([type=hidden], button)", old)) {
    const alike = `form[action="${CSS.escape(field.form.getAttribute("action"))}"] [name="${field.name}"]:not([type=hidden], button)`;
    const twin = findAll(alike, fresh)[findAll(alike, old).indexOf(field)];
    if (!twin) continue;
    if (field.value !== (field.defaultValue ?? "")) {
      twin.value = field.value;
      twin.closest("details:not([data-keep])")?.setAttribute("open", "");
    }
    if (field === active) same = twin;
  }
  return same;
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

// Sends a form, and says so on its button, which it returns to its words. What is wrong is told beside it.
async function send(form, button) {
  const label = button.innerHTML, trouble = find(".trouble", form), body = new URLSearchParams(new FormData(form, button));
  const address = button.hasAttribute("formaction") ? button.formAction : form.action;
  form.setAttribute("aria-busy", "true");
  trouble.hidden = true;
  button.textContent = button.dataset.working;
  let page, status, problem = "No answer came. Press again when this page says “Live”: pressing twice does no harm.";
  try {
    const answer = await fetch(address, { method: "POST", body });
    page = await read(answer);
    status = answer.status;
    problem = answer.ok ? null : find("[data-message]", page)?.textContent ?? "That did not work. Reload and try again.";
    delete trouble.dataset.unanswered;
  } catch {  // the words for this are set above, and go when the page is live again
    trouble.dataset.unanswered = "";
    show("lost");
    later(refresh);
  }
  form.removeAttribute("aria-busy");
  button.innerHTML = label;
  trouble.hidden = !problem;
  write(trouble, problem);
  return { page, status, problem };
}

// Many at once: the answer is the list itself, as it then is. Until it comes this one is not fetched at each of them.
async function actTogether(form, button) {
  fetching = true;
  const { page, problem } = await send(form, button);
  fetching = false;
  if (!problem) showInstead(page);
  if (again) { again = false; refresh(); }
}

function showInstead(list) {
  takeOverHead(list);
  document.body.className = list.body.className;
  find(".bar .back")?.remove();
  find("[data-main]").replaceWith(find("[data-main]", list));
  history.replaceState(null, "", "/" + location.search);
  const told = find(".told");
  told.tabIndex = -1;
  told.focus();
  news = 0;
  find("[data-news]").hidden = true;
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
  own.add(episode);  // at once: the page may be told of the change before it has the answer
  const { status, problem } = await send(form, button);
  if (problem) {
    own.delete(episode);
    if (status === 409) { write(find("[data-announce]"), problem); refresh(); }
    return;
  }
  button.innerHTML = button.dataset.done;
  write(find("[data-announce]"), button.dataset.done);
  called.delete(episode);
  const more = form.closest("details");
  if (more) more.open = false;
  form.reset();
  refresh();
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
// Until when the chosen colleague may accept if no time is entered.
document.addEventListener("change", (event) => {
  const list = event.target.closest("[data-takers]"), until = list?.selectedOptions[0].dataset.until;
  if (until) write(find("[data-until-then]", list.form), until);
});

// From row to row by j and k; Enter opens one as it opens any link. Single keys can be switched off.
function showKeys() {
  const keys = find("[data-keys]");
  if (!keys) return;
  keys.hidden = false;
  write(keys, localStorage.keys === "off" ? "Keys are off: switch on" : "j and k move, Enter opens: switch off");
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

if (location.pathname === "/acknowledge-all") history.replaceState(null, "", "/" + location.search);
document.addEventListener("submit", act);
document.addEventListener("visibilitychange", () => { if (!document.hidden) { tick(); refresh(); } });
tick();
setInterval(tick, 5000);
setInterval(refresh, 60_000);
connect();
