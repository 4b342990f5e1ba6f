// Uses every control of the "Go clusters" panel in a real browser, on real clusters.
// usage: node panel.js URL FOLDER        FOLDER gets the screenshots. PLAYWRIGHT names playwright-core, CHROMIUM the browser.
// The server at URL has an empty notebook go.ipynb (Go) and python.ipynb (Python).
const assert = require('assert');
const path = require('path');
const { chromium } = require(process.env.PLAYWRIGHT);

const [url, folder] = process.argv.slice(2);
const SLOW = 30_000; // milliseconds for what starts processes on a busy machine

async function step(name, f) {
  const start = Date.now();
  try {
    await f();
  } catch (error) {
    throw new Error(`${name}: ${error.stack}`);
  }
  console.log(`${name}: ${Date.now() - start} ms`);
}

async function open(browser, file) {
  const page = await browser.newPage();
  page.setDefaultTimeout(SLOW);
  page.on('pageerror', e => console.log('page error:', e.message));
  page.on('dialog', d => d.accept()); // "leave the page?" at a reload
  await page.goto(`${url}/lab/tree/${file}?reset`);
  await page.waitForSelector('.jp-Notebook .jp-Cell');
  await show(page);
  return page;
}

// show brings the panel to the front.
async function show(page) {
  const tab = page.locator('.jp-SideBar [data-id="gopar-clusters"]');
  await tab.waitFor();
  if (!(await page.locator('.gp-Panel').isVisible())) {
    await tab.click();
  }
  await page.locator('.gp-Panel').waitFor();
  await page.locator('.gp-Message', { hasText: 'Connecting' }).waitFor({ state: 'hidden' });
}

const card = (page, id) => page.locator(`.gp-Card[data-cluster="${id}"]`);
const press = (page, id, label) => card(page, id).locator('.gp-Head, .gp-Buttons').getByRole('button', { name: new RegExp(`^${label} `) }).click();
const state = (page, id, s, timeout = SLOW) => page.locator(`.gp-Card[data-cluster="${id}"][data-state="${s}"]`).waitFor({ timeout });
const accept = page => page.locator('.jp-Dialog .jp-mod-accept, .jp-Dialog .jp-mod-warn').last().click();
const shot = (page, name) => page.screenshot({ path: path.join(folder, name) });

async function sources(page) {
  return page.evaluate(() => [...document.querySelectorAll('.jp-Notebook:not(.lm-mod-hidden) .jp-CodeCell .cm-content')].filter(e => e.offsetParent).map(e => e.innerText));
}

async function create(page, id, n) {
  await page.getByRole('button', { name: 'New cluster' }).click();
  await page.getByLabel('Name').fill(id);
  await page.getByLabel('Engines', { exact: true }).fill(String(n));
}

async function theme(page, name) {
  await page.evaluate(name => window.jupyterapp?.commands.execute('apputils:change-theme', { theme: name }), name);
  await page.locator('#jupyterlab-splash').waitFor({ state: 'hidden' });
  await page.waitForFunction(name => document.body.dataset.jpThemeName === name, name);
  await page.locator('#jupyterlab-splash').waitFor({ state: 'detached' });
}

async function main(browser) {
  let page = await open(browser, 'go.ipynb');

  await step('the empty panel says what to do', () => page.getByText('No clusters. Start one with New').waitFor());
  await step('a wrong name cannot be accepted', async () => {
    await create(page, '../x', 2);
    assert(await page.locator('.jp-Dialog .jp-mod-accept').isDisabled());
    await page.getByLabel('Name').fill('demo');
    assert(!(await page.locator('.jp-Dialog .jp-mod-accept').isDisabled()));
    await shot(page, 'panel-new.png');
  });
  await step('New starts a cluster', async () => {
    await accept(page);
    await state(page, 'demo', 'starting');
    await state(page, 'demo', 'running');
    assert.match(await card(page, 'demo').innerText(), /2\/2 engines/);
  });
  await step('engines and logs are shown', async () => {
    await press(page, 'demo', 'Engines and logs of');
    await card(page, 'demo').locator('tbody tr').nth(1).waitFor();
    assert.match(await card(page, 'demo').locator('tbody').innerText(), /0\s+idle\s+\S+\s+\d+\s+0\s+0/);
    await page.waitForFunction(() => document.querySelector('.gp-Log').textContent !== 'nothing yet');
  });
  await step('Insert code, and run it', async () => {
    await press(page, 'demo', 'Insert code');
    assert.match((await sources(page)).join('\n'), /rc := parallel.MustConnect\(parallel.ClusterID\("demo"\)\)/);
    await page.keyboard.press('Shift+Enter');
    await page.locator('.jp-OutputArea-output', { hasText: /0.*1/s }).first().waitFor();
  });
  await step('tasks are counted', async () => {
    await page.keyboard.press('Escape');
    await page.evaluate(() => {
      const nb = window.jupyterapp.shell.currentWidget.content;
      nb.activeCell.model.sharedModel.setSource('rc[:].Execute("x := 1")');
    });
    await page.evaluate(() => window.jupyterapp.commands.execute('notebook:run-cell-and-select-next'));
    await card(page, 'demo').locator('tbody td:nth-child(6)', { hasText: /^[1-9]/ }).first().waitFor();
  });
  await step('drag and drop inserts a cell', async () => {
    const before = (await sources(page)).length;
    const from = await card(page, 'demo').locator('.gp-Title').boundingBox();
    const to = await page.locator('.jp-Notebook .jp-Cell').first().boundingBox();
    await page.mouse.move(from.x + 5, from.y + 5);
    await page.mouse.down();
    await page.mouse.move(from.x + 60, from.y + 20, { steps: 4 });
    await page.mouse.move(to.x + 200, to.y + 12, { steps: 8 });
    await page.mouse.up();
    await page.waitForFunction(n => [...document.querySelectorAll('.jp-Notebook .jp-CodeCell')].length > n, before);
  });
  await step('screenshots', async () => {
    await shot(page, 'panel-light.png');
    await theme(page, 'JupyterLab Dark');
    await shot(page, 'panel-dark.png');
    await theme(page, 'JupyterLab Light');
  });
  await step('a second tab sees the same', async () => {
    const other = await open(browser, 'python.ipynb');
    await state(other, 'demo', 'running');
    await press(other, 'demo', 'Insert code');
    await other.waitForFunction(() => document.querySelector('.jp-Notebook').innerText.includes('ipp.Client('));
    await other.close();
  });
  await step('a reload shows the same', async () => {
    await page.reload();
    await page.waitForSelector('.jp-Notebook .jp-Cell');
    await show(page);
    await state(page, 'demo', 'running');
    const kernels = await (await page.request.get(`${url}/api/sessions`)).json();
    assert.equal(kernels.filter(s => s.type === 'gopar-clusters').length, 1);
  });
  await step('a dead kernel of the panel is replaced', async () => {
    const sessions = await (await page.request.get(`${url}/api/sessions`)).json();
    const { id } = sessions.find(s => s.type === 'gopar-clusters');
    await page.request.delete(`${url}/api/sessions/${id}`, { headers: { 'X-XSRFToken': await xsrf(page) } });
    await page.locator('.gp-Message', { hasText: 'Connecting' }).waitFor();
    await page.locator('.gp-Message', { hasText: 'Connecting' }).waitFor({ state: 'hidden' });
    await state(page, 'demo', 'running');
  });
  await step('Scale', async () => {
    await press(page, 'demo', 'Scale');
    await page.locator('.jp-Dialog').getByLabel('Engines').fill('3');
    await accept(page);
    await card(page, 'demo').getByText('3/3 engines').waitFor();
  });
  await step('a killed engine is seen within a second', async () => {
    await press(page, 'demo', 'Engines and logs of');
    const row = card(page, 'demo').locator('tbody tr').first();
    await row.waitFor();
    const pid = Number(await row.locator('td').nth(3).innerText());
    process.kill(pid, 'SIGKILL');
    await card(page, 'demo').locator('tbody tr', { hasText: String(pid) }).waitFor({ state: 'detached', timeout: 1000 });
    await card(page, 'demo').locator('tbody tr', { hasText: '↻1' }).waitFor(); // the supervisor starts another one
    await state(page, 'demo', 'running');
    await shot(page, 'panel-restarted.png');
  });
  await step('Restart of one engine', async () => {
    const row = card(page, 'demo').locator('tbody tr').first();
    const pid = await row.locator('td').nth(3).innerText();
    await row.getByRole('button', { name: /^Restart / }).click();
    await card(page, 'demo').locator('tbody tr', { hasText: pid }).waitFor({ state: 'detached' });
    await state(page, 'demo', 'running');
  });
  await step('Restart of all', async () => {
    await press(page, 'demo', 'Restart');
    await accept(page);
    await state(page, 'demo', 'restarting');
    await state(page, 'demo', 'running');
  });
  await step('a cluster started elsewhere appears', async () => {
    require('child_process').execFileSync('gopar', ['cluster', 'start', '-n', '1', '--id', 'outside']);
    await state(page, 'outside', 'running', 2000);
  });
  await step('Stop, Start, Delete', async () => {
    await press(page, 'demo', 'Stop');
    await accept(page);
    await state(page, 'demo', 'stopped');
    await press(page, 'demo', 'Start');
    await state(page, 'demo', 'running');
    for (const id of ['demo', 'outside']) {
      await press(page, id, 'Delete');
      await accept(page);
      await card(page, id).waitFor({ state: 'detached' });
    }
  });
  await step('an error of a start is shown in full', async () => {
    require('child_process').execFileSync('gopar', ['cluster', 'start', '-n', '1', '--id', 'taken']);
    await state(page, 'taken', 'running');
    await create(page, 'taken', 1);
    await accept(page);
    await page.locator('.gp-Error', { hasText: 'running already' }).waitFor();
    await page.getByRole('button', { name: 'Dismiss' }).click();
    await press(page, 'taken', 'Delete');
    await accept(page);
    await card(page, 'taken').waitFor({ state: 'detached' });
  });
  await step('commands are in the palette', async () => {
    await page.keyboard.press('Control+Shift+C');
    await page.locator('.lm-CommandPalette-input').fill('New Go Cluster');
    await page.keyboard.press('Enter');
    await page.getByLabel('Name').waitFor();
    await page.keyboard.press('Escape');
  });
}

async function xsrf(page) {
  return (await page.context().cookies()).find(c => c.name === '_xsrf')?.value ?? '';
}

(async () => {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']
  });
  const context = await browser.newContext({ viewport: { width: 1180, height: 820 } });
  try {
    await main(context);
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
