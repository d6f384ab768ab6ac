// The strips: each is a slider whose value is a slot, for pointer and arrow keys.

const DAY_MS = 86_400_000;

const tip = document.body.appendChild(document.createElement('p'));
tip.className = 'tip';
tip.hidden = true;

function equipAll(root) {
  for (const strip of root.querySelectorAll('.strip')) equip(strip);
}

function equip(strip) {
  const last = strip.firstElementChild.viewBox.baseVal.width - 1;
  strip.tabIndex = 0;
  Object.assign(strip, {
    role: 'slider',
    ariaValueMin: 0,
    ariaValueMax: last,
    ariaOrientation: 'horizontal',
  });
  // Its own tooltip would stand beside ours.
  strip.setAttribute('aria-label', strip.title.split(':')[0]);
  strip.removeAttribute('title');
  // The part around it stays when the strip is replaced.
  select(strip, Math.min(Number(strip.parentElement.dataset.slot ?? last), last));
  if (strip.matches(':hover')) show(strip);
}

function select(strip, index) {
  const run = strip.dataset.runs.split('\n').findLast((line) => Number.parseInt(line, 10) <= index);
  const said = run.slice(run.indexOf(' ') + 1);
  const slotMs = Number(strip.dataset.slot);
  const at = (slot) =>
    new Date(Number(strip.dataset.from) + slot * slotMs).toISOString().replace('T', ' ').slice(0, 16);
  strip.parentElement.dataset.slot = index;
  strip.ariaValueNow = index;
  const time =
    slotMs < DAY_MS ? `${at(index)} – ${at(index + 1).slice(11)} UTC` : `${at(index).slice(0, 10)} (UTC)`;
  strip.ariaValueText = `${time}: ${said}`;
  strip.style.setProperty('--slot', index);
  strip.style.setProperty('--slots', Number(strip.ariaValueMax) + 1);
}

function show(strip) {
  const box = strip.getBoundingClientRect();
  tip.textContent = strip.ariaValueText;
  Object.assign(tip.style, {
    left: `${box.left + scrollX}px`,
    top: `${box.bottom + scrollY}px`,
    width: `${box.width}px`,
  });
  tip.hidden = false;
  strip.classList.add('open');
}

function hide() {
  tip.hidden = true;
  document.querySelector('.strip.open')?.classList.remove('open');
}

function point(event) {
  const strip = event.target.closest?.('.strip');
  if (!strip) return tip.hidden || document.activeElement.matches('.strip') || hide();
  const box = strip.getBoundingClientRect();
  const count = Number(strip.ariaValueMax) + 1;
  const index = Math.floor(((event.clientX - box.left) / box.width) * count);
  hide();
  select(strip, Math.min(Math.max(index, 0), count - 1));
  show(strip);
}

function press(event) {
  if (event.key === 'Escape') return hide();
  const strip = event.target.closest('.strip');
  if (!strip || event.altKey || event.ctrlKey || event.metaKey) return;
  const now = Number(strip.ariaValueNow);
  const last = Number(strip.ariaValueMax);
  const next = {
    ArrowLeft: now - 1,
    ArrowDown: now - 1,
    ArrowRight: now + 1,
    ArrowUp: now + 1,
    PageUp: now + 4,
    PageDown: now - 4,
    Home: 0,
    End: last,
  }[event.key];
  if (next === undefined) return;
  event.preventDefault();
  select(strip, Math.min(Math.max(next, 0), last));
  show(strip);
}

document.addEventListener('pointermove', point);
document.addEventListener('pointerdown', point);
document.addEventListener('keydown', press);
document.addEventListener('focusin', (event) => {
  hide();
  if (event.target.matches('.strip')) show(event.target);
});
document.addEventListener('focusout', hide);
document.addEventListener('replaced', (event) => equipAll(event.target));
equipAll(document);
