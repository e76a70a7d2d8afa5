import { defineConfig } from 'vite';
import chinese from './build/chinese.js';
import iconSprite from './build/icon-sprite.js';

const islands = ['app', 'case', 'charts', 'desk', 'form', 'task', 'viewer', 'designer', 'decision', 'formdesigner', 'sides'];

export default defineConfig({
  base: '/assets/dist/',
  publicDir: false,
  plugins: [chinese(), iconSprite(['../app', 'src'])],
  build: {
    outDir: '../app/ui/static/dist',
    emptyOutDir: true,
    assetsDir: '.',
    manifest: 'manifest.json',
    assetsInlineLimit: 0, // no data: fonts, so that font-src stays 'self'
    target: ['chrome111', 'edge111', 'firefox113', 'safari16.4'],
    modulePreload: { polyfill: false },
    rollupOptions: { input: Object.fromEntries(islands.map((name) => [name, `src/${name}.js`])) },
  },
});
