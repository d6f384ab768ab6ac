// Shows beside each time what it is in the time zone of the browser, where that is not UTC. Pages say UTC without it.

function sayAll(root) {
  for (const time of root.querySelectorAll('time[datetime]')) say(time);
}

function say(time) {
  const date = new Date(time.dateTime);
  const offsetMin = -date.getTimezoneOffset();
  if (!offsetMin) return;
  const two = (number) => String(Math.trunc(number)).padStart(2, '0');
  const offset = Math.abs(offsetMin);
  const zone = `${offsetMin < 0 ? '-' : '+'}${two(offset / 60)}:${two(offset % 60)}`;
  const local = new Date(Number(date) + offsetMin * 60_000).toISOString().replace('T', ' ').slice(0, 19);
  const isSameDay = time.dateTime.startsWith(local.slice(0, 10));
  // Running times are not times of day: their exact time is in their tooltip.
  if (time.dataset.run) time.title += `; ${local} ${zone}`;
  else time.dataset.local = `${isSameDay ? local.slice(11) : local} ${zone}`;
}

document.addEventListener('replaced', (event) => sayAll(event.target));
sayAll(document);
