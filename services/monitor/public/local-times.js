// Says at each time what it is in the time zone of the browser, where that is not UTC. Pages say UTC without it.

const { timeZone } = Intl.DateTimeFormat().resolvedOptions();

function sayAll(root) {
  for (const time of root.querySelectorAll('time[datetime]')) say(time);
}

function say(time) {
  const date = new Date(time.dateTime);
  const offsetMs = date.getTimezoneOffset() * 60_000;
  if (!offsetMs) return;
  const local = new Date(date - offsetMs)
    .toISOString()
    .replace('T', ' ')
    .replace(/(\.000)?Z$/, '');
  const isSameDay = time.dateTime.startsWith(local.slice(0, 10));
  time.dataset.local = `${local.slice(isSameDay ? 11 : 0, 19)} in ${timeZone}`;
  time.title = `${time.title}${time.title && '; '}${local} in ${timeZone}`;
}

document.addEventListener('replaced', (event) => sayAll(event.target));
sayAll(document);
