// What the tests do in the browser, whatever the front end is.
const assert = require('assert');
const path = require('path');
const { execFileSync } = require('child_process');
const { chromium } = require('playwright-core');

const [front, url, folder] = process.argv.slice(2);
const SLOW = 30_000; // milliseconds for what starts processes on a busy machine
const notebook7 = front === 'notebook';

async function step(name, f) {
  const start = Date.now();
  try {
    await f();
  } catch (error) {
    throw new Error(`${name}: ${error.stack}`);
  }
  console.log(`${name}: ${Date.now() - start} ms`);
}

// gopar runs the program, and returns what it prints.
const gopar = (...args) => execFileSync('gopar', args, { encoding: 'utf8' });

// load opens a page of the front end: a notebook, or with '' the page of files.
async function load(context, file) {
  const page = await context.newPage();
  page.setDefaultTimeout(SLOW);
  page.on('pageerror', e => console.log('page error:', e.message));
  page.on('dialog', d => d.accept()); // "leave the page?" at a reload
  await page.goto(notebook7 ? `${url}/${file ? `notebooks/${file}` : 'tree'}` : `${url}/lab/tree/${file}?reset`);
  await ready(page, file);
  return page;
}

async function ready(page, file = 'a notebook') {
  await page.waitForSelector(file ? '.jp-Notebook .jp-Cell' : '.jp-DirListing-item');
  if (file) {
    await page.waitForFunction(() => window.jupyterapp?.shell.currentWidget?.content?.activeCell);
  }
}

// open opens a notebook, and the panel beside it.
async function open(context, file) {
  const page = await load(context, file);
  await show(page);
  return page;
}

// show brings the panel to the front, with its shortcut.
async function show(page) {
  await page.waitForFunction(() => window.jupyterapp?.commands.hasCommand('gopar:show-clusters'));
  await shortcut(page, 'Control+Alt+G', page.locator('.gp-Panel'));
  await connected(page);
}

// shortcut presses keys until they show something: a page that is not settled yet takes no notice, or puts something else to
// the front again.
async function shortcut(page, keys, shown) {
  for (const end = Date.now() + SLOW; !(await shown.isVisible()); ) {
    assert(Date.now() < end, `${keys} has no effect`);
    await page.keyboard.press(keys);
    await shown.waitFor({ timeout: 500 }).catch(() => undefined);
  }
}

const connected = page => page.locator('.gp-Message', { hasText: 'Connecting' }).waitFor({ state: 'hidden' });
const card = (page, id) => page.locator(`.gp-Card[data-cluster="${id}"]`);
const button = (page, id, label) => card(page, id).locator('.gp-Head, .gp-Buttons').getByRole('button', { name: new RegExp(`^${label} `) });
const press = (page, id, label) => button(page, id, label).click();
const state = (page, id, s, timeout = SLOW) => page.locator(`.gp-Card[data-cluster="${id}"][data-state="${s}"]`).waitFor({ timeout });
const accept = page => page.locator('.jp-Dialog .jp-mod-accept, .jp-Dialog .jp-mod-warn').last().click();
const rows = (page, id) => card(page, id).locator('tbody tr');
const row = (page, id, text) => card(page, id).locator('tbody tr', { hasText: text });
const shot = (page, name) => page.screenshot({ path: path.join(folder, name), animations: 'disabled' });

// COLUMN is where a cell of the engines table is.
const COLUMN = { id: 0, state: 1, task: 2, host: 3, pid: 4, queue: 5, done: 6, cpu: 7, memory: 8 };
const cell = (line, column) => line.locator('td').nth(COLUMN[column]);

async function sources(page) {
  return page.evaluate(() => {
    const cells = window.jupyterapp.shell.currentWidget.content.widgets;
    return cells.map(c => c.model.sharedModel.getSource());
  });
}

// run runs code in the last cell of the current notebook, and returns that cell.
async function run(page, source) {
  const index = await page.evaluate(source => {
    const nb = window.jupyterapp.shell.currentWidget.content;
    nb.activeCellIndex = nb.widgets.length - 1;
    nb.activeCell.model.sharedModel.setSource(source);
    return nb.activeCellIndex;
  }, source);
  await page.evaluate(() => void window.jupyterapp.commands.execute('notebook:run-cell-and-select-next'));
  return page.locator('.jp-Notebook .jp-CodeCell').nth(index);
}

// fill fills in the dialog for a new cluster.
async function create(page, id, n) {
  await page.getByRole('button', { name: 'New cluster' }).click();
  await page.locator('.jp-Dialog').getByLabel('Name').fill(id);
  await page.locator('.jp-Dialog').getByLabel('Engines', { exact: true }).fill(String(n));
}

async function remove(page, id) {
  await press(page, id, 'Delete');
  await accept(page);
  await card(page, id).waitFor({ state: 'detached' });
}

async function theme(page, name) {
  await page.evaluate(name => window.jupyterapp.commands.execute('apputils:change-theme', { theme: name }), name);
  await page.waitForFunction(name => document.body.dataset.jpThemeName === name, name);
  await page.locator('#jupyterlab-splash').waitFor({ state: 'detached' });
}

// wide makes the side bar so many pixels wide, as dragging its edge does.
async function wide(page, width) {
  const box = await page.locator('.gp-Panel').boundingBox();
  const from = { x: box.x + box.width + 2, y: 400 };
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move(box.x + width + 2, from.y, { steps: 5 });
  await page.mouse.up();
}

// accessible fails if axe-core finds something wrong with what a selector finds.
async function accessible(page, selector) {
  if (!(await page.evaluate(() => 'axe' in window))) {
    await page.addScriptTag({ path: require.resolve('axe-core/axe.min.js') });
  }
  const { violations } = await page.evaluate(s => window.axe.run(s, { resultTypes: ['violations'] }), selector);
  const told = violations.map(v => `${v.id} (${v.impact}): ${v.help}\n` + v.nodes.map(n => `    ${n.html}\n    ${n.failureSummary}`).join('\n'));
  assert.equal(told.length, 0, `axe-core finds:\n${told.join('\n')}`);
}

async function api(page, method, address, data) {
  const cookie = (await page.context().cookies()).find(c => c.name === '_xsrf');
  const headers = { 'X-XSRFToken': cookie?.value ?? '' };
  const answer = await page.request.fetch(`${url}/api/${address}`, { method, headers, data });
  assert(answer.ok(), `${method} ${address}: ${answer.status()} ${await answer.text()}`);
  return method === 'GET' ? answer.json() : undefined;
}

// session returns the panel's, of which there has to be one.
async function session(page) {
  const all = (await api(page, 'GET', 'sessions')).filter(s => s.type === 'gopar-clusters');
  assert.equal(all.length, 1);
  return all[0];
}

// main runs tests in a browser of their own; what fails leaves a picture.
function main(tests) {
  (async () => {
    const libraries = process.env.CHROMIUM_LIBRARIES;
    const browser = await chromium.launch({
      executablePath: process.env.CHROMIUM,
      args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
      env: libraries ? { ...process.env, LD_LIBRARY_PATH: libraries } : process.env
    });
    const context = await browser.newContext({ viewport: { width: 1180, height: 820 } });
    try {
      await tests(context);
    } catch (error) {
      const pages = context.pages();
      await pages[pages.length - 1]?.screenshot({ path: path.join(folder, 'failed.png') });
      throw error;
    } finally {
      await browser.close();
    }
  })().catch(error => {
    console.error(error.message);
    process.exit(1);
  });
}

module.exports = {
  front, url, folder, notebook7, SLOW, step, gopar, load, ready, open, show, shortcut, connected, card, button, press, state, accept, rows, row, shot, cell,
  sources, run, create, remove, theme, wide, accessible, api, session, main
};
