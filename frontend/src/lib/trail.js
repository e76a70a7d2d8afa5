// The order of the to-do list one came from, so that a step knows its neighbours without asking the server.
const KEY = 'zj-trail';

const numberOf = (address) => new URL(address, location.href).pathname.match(/\/desk\/tasks\/(\d+)/)?.[1];

export function keepTrail(links) {
  sessionStorage.setItem(KEY, JSON.stringify(links.map((link) => link.getAttribute('href'))));
}

// step: 1 for the next, -1 for the one before; null at the ends and when one did not come from a list
export function neighbour(step) {
  const trail = JSON.parse(sessionStorage.getItem(KEY) ?? '[]');
  const here = trail.findIndex((address) => numberOf(address) === numberOf(location.href));
  return here < 0 ? null : (trail[here + step] ?? null);
}
