// One SVG sprite with exactly the Tabler icons that templates, Python and islands name in quotes.
import fs from 'node:fs';
import path from 'node:path';

const ICONS = 'node_modules/@tabler/icons/icons/outline';
const NAME = /["']([a-z][a-z0-9]*(?:-[a-z0-9]+)*)["']/g;

function* files(place) {
  for (const entry of fs.readdirSync(place, { withFileTypes: true })) {
    const full = path.join(place, entry.name);
    if (entry.isDirectory() && !['dist', 'node_modules', '__pycache__'].includes(entry.name)) yield* files(full);
    else if (/\.(html|py|js)$/.test(entry.name)) yield full;
  }
}

function drawing(file) {
  return fs
    .readFileSync(file, 'utf8')
    .replace(/^[\s\S]*?<svg[^>]*>/, '')
    .replace(/<\/svg>\s*$/, '')
    .replace(/\s*\n\s*/g, '');
}

export default function iconSprite(places) {
  return {
    name: 'icon-sprite',
    generateBundle() {
      const names = new Set();
      for (const place of places) {
        for (const file of files(place)) {
          for (const [, name] of fs.readFileSync(file, 'utf8').matchAll(NAME)) names.add(name);
        }
      }
      const symbols = [...names]
        .sort()
        .map((name) => [name, path.join(ICONS, `${name}.svg`)])
        .filter(([, file]) => fs.existsSync(file))
        .map(([name, file]) => `<symbol id="${name}" viewBox="0 0 24 24">${drawing(file)}</symbol>`);
      this.emitFile({
        type: 'asset',
        name: 'icons.svg',
        originalFileName: 'icons.svg',
        source: `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join('')}</svg>`,
      });
    },
  };
}
