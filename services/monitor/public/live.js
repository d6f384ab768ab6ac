// Keeps the dashboard live: replaces the parts that changed, updates running times, and shows when it cannot.
// The monitor escapes the markup that it sends.

/** Where the monitor is, below whatever path: this file is in a folder of it. */
const ROOT = new URL('..', import.meta.url).pathname;
/** Three signs of life of the monitor. */
const SILENCE_MS = 12_000;
const RETRY_MS = 2_000;
const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
];

const lost = document.getElementById('lost');
const loaded = document.getElementById('loaded');
const icon = document.querySelector('link[rel=icon]');
/** The lead of the monitor's clock over the browser's. */
let aheadMs = Number(document.body.dataset.now) - Date.now();
let receivedAtMs = Date.now();
/** The time of the last event, or of the opening of the stream. */
let aliveAtMs = receivedAtMs;
let isLost = false;
let title = document.title;
let source;
let retry;

function connect() {
  clearTimeout(retry);
  source?.close();
  aliveAtMs = Date.now();
  source = new EventSource(`${ROOT}api/v1/events`);
  // What comes after a long silence may have been waiting in this computer all the time.
  source.onmessage = (event) => (isSilent() ? lose() : receive(JSON.parse(event.data)));
  source.onerror = lose;
}

function lose() {
  clearTimeout(retry);
  source.close();
  aliveAtMs = Date.now();
  showLost();
  retry = setTimeout(connect, RETRY_MS * (1 + Math.random()));
}

/** By the wall clock, which may be set back: monotonic clocks stop while the computer sleeps. */
function isSilent() {
  return Math.abs(Date.now() - aliveAtMs) > SILENCE_MS;
}

function tick() {
  if (isSilent()) lose();
  runOn();
}

/** Timers of hidden pages are slow. */
function wake() {
  if (document.hidden) return;
  tick();
  if (isLost) connect();
}

function receive(news) {
  // A newer monitor has other parts, for other scripts.
  if (news.build !== document.body.dataset.build) return location.reload();
  aheadMs = news.now - Date.now();
  receivedAtMs = Date.now();
  aliveAtMs = receivedAtMs;
  title = news.title;
  icon.href = `${ROOT}assets/favicon-${news.light}.svg`;
  for (const part of news.parts) replace(part);
  showLive();
}

function replace({ id, version, html }) {
  const part = document.querySelector(`[data-part="${id}"]`);
  if (part === null || part.dataset.version === version) return;
  const focusable = () => [...part.querySelectorAll('a, [tabindex]')];
  const focused = focusable().indexOf(document.activeElement);
  part.innerHTML = html.replace(/( (?:href|src|action)=")\/(?!\/)/g, `$1${ROOT}`);
  part.dataset.version = version;
  part.dispatchEvent(new Event('replaced', { bubbles: true }));
  focusable()[focused]?.focus({ preventScroll: true });
}

function showLive() {
  if (isLost) lost.textContent = '';
  isLost = false;
  lost.hidden = true;
  document.documentElement.className = 'live';
  document.title = title;
  loaded.textContent = 'Live: updates automatically.';
  runOn();
}

function showLost() {
  if (isLost) return;
  isLost = true;
  const since = new Date(receivedAtMs + aheadMs).toISOString();
  lost.innerHTML = `<strong>This page is stale.</strong> Nothing received from the monitor since <time>${since.slice(11, 19)} UTC</time>
<span aria-hidden="true">(<time data-run="ago" datetime="${since}"></time>)</span>. Reconnecting; <a href="">reload the page</a>.
If it stays so, restart the monitor: <code>kubectl -n podips rollout restart deploy/podips-monitor</code> (docs/troubleshooting.md).`;
  lost.hidden = false;
  document.documentElement.className = 'stale';
  document.title = `stale: ${title}`;
  icon.href = `${ROOT}assets/favicon-grey.svg`;
  loaded.textContent = '';
  runOn();
}

function duration(ms) {
  const first = UNITS.findIndex(([, unitMs]) => ms >= unitMs);
  if (first === -1) return '0 s';
  let restMs = ms;
  return UNITS.slice(first, first + 2)
    .map(([name, unitMs]) => {
      const count = Math.floor(restMs / unitMs);
      restMs -= count * unitMs;
      return count > 0 ? `${count} ${name}` : '';
    })
    .join(' ')
    .trim();
}

function runOn() {
  // A stale page does not know whether something lasts.
  for (const time of document.querySelectorAll(isLost ? '[data-run=ago]' : '[data-run]')) {
    const text = duration(Date.now() + aheadMs - Date.parse(time.dateTime));
    const shown = time.dataset.run === 'ago' ? `${text} ago` : text;
    if (time.textContent !== shown) time.textContent = shown;
  }
}

setInterval(tick, 1_000);
document.addEventListener('visibilitychange', wake);
connect();
