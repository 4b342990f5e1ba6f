// Uses every control of the "Go clusters" panel in a real browser, on real clusters of real engines.
// usage: node panel.js lab|old|notebook URL FOLDER        FOLDER gets the screenshots. run.sh makes what it needs.
// The server at URL has an empty notebook go.ipynb (Go) and python.ipynb (Python), and nothing of gopar is installed there yet.
const assert = require('assert');
const b = require('./browser');
const { card, cell, press, rows, row, state, step } = b;

async function main(context) {
  let page = await install(context);
  await launchers(page);
  await start(page);
  await use(page);
  await insert(context, page);
  await look(page);
  await live(context, page);
  await change(page);
  await errors(page);
  await commands(page);
}

async function install(context) {
  let page = await b.load(context, '');
  await step('before the installation there is no panel', async () => {
    assert(!(await page.evaluate(() => window.jupyterapp.commands.hasCommand('gopar:show-clusters'))));
  });
  await step('installed while the server runs, it is there after a reload', async () => {
    b.gopar('install');
    await page.reload();
    await b.ready(page, '');
    await b.show(page);
    await page.getByText('No clusters. Start one with New').waitFor();
    await b.shot(page, 'files.png');
  });
  await page.close();
  return b.open(context, 'go.ipynb');
}

async function start(page) {
  await step('New refuses wrong values and says why', async () => {
    const start = page.locator('.jp-Dialog .jp-mod-accept');
    await b.create(page, '../x', 2);
    await page.getByText('Letters and digits').waitFor();
    assert(await start.isDisabled());
    await page.locator('.jp-Dialog').getByLabel('Name').fill('demo');
    assert(await start.isEnabled());
    await page.locator('.jp-Dialog').getByLabel('Engines', { exact: true }).fill('0');
    await page.getByText('A whole number from 1 to 4096.').waitFor();
    assert(await start.isDisabled());
    await page.locator('.jp-Dialog').getByLabel('Engines', { exact: true }).fill('2');
    await page.locator('.jp-Dialog').getByText('Options').click();
    await page.locator('.jp-Dialog').getByLabel('Environment').fill('no');
    await page.getByText('NAME=value, separated by blanks.').waitFor();
    assert(await start.isDisabled());
    await page.locator('.jp-Dialog').getByLabel('Environment').fill('PANEL_TEST="two words"');
    assert(await start.isEnabled());
    await b.accessible(page, '.jp-Dialog');
    const folder = page.locator('.jp-Dialog').getByLabel('Folder');
    await folder.fill('/data/project'); // for the picture
    await b.shot(page, 'new.png');
    await folder.fill('');
  });
  await step('New starts a cluster', async () => {
    await b.accept(page);
    await state(page, 'demo', 'starting');
    await state(page, 'demo', 'running');
    assert.match(await card(page, 'demo').innerText(), /2\/2 engines · local/);
  });
  await step('a new cluster is open: engines with memory and CPU, and logs', async () => {
    await rows(page, 'demo').nth(1).waitFor();
    const first = rows(page, 'demo').first();
    await cell(first, 'memory').filter({ hasText: /\d+ MB/ }).waitFor();
    assert.match(await first.innerText(), /0\s+idle/);
    assert.match(await cell(first, 'pid').innerText(), /^\d+$/);
    assert.match(await cell(first, 'cpu').innerText(), /^\d+%$/);
    const log = card(page, 'demo').locator('.gp-Log');
    await log.filter({ hasText: 'supervisor' }).waitFor();
    await page.getByLabel('Which log').selectOption({ label: 'gopar-demo-engines-1-1.log' });
    await log.filter({ hasText: 'engine' }).waitFor();
  });
}

async function launchers(page) {
  await step('launchers: systems and profiles of the configuration file, with their options', async () => {
    const dialog = page.locator('.jp-Dialog');
    await b.create(page, 'sized', 1);
    await dialog.getByLabel('Queue').waitFor({ state: 'hidden' });
    await dialog.getByLabel('Launcher').selectOption({ label: 'hpc (Slurm)' });
    await dialog.getByLabel('Walltime').fill('soon');
    await dialog.getByText('Like 90m, 2h30m, 2:30:00.').waitFor();
    assert(await dialog.locator('.jp-mod-accept').isDisabled());
    await dialog.getByLabel('Walltime').fill('2h30m');
    assert(await dialog.locator('.jp-mod-accept').isEnabled());
    await b.accessible(page, '.jp-Dialog');
    await b.shot(page, 'new-slurm.png');
    await dialog.getByLabel('Walltime').fill('soon');
    await dialog.getByLabel('Launcher').selectOption({ label: 'small (this machine)' });
    assert.equal(await dialog.getByLabel('Engines', { exact: true }).inputValue(), '3');
    await dialog.getByText('Options').click();
    await dialog.getByText('Encrypt all connections').click();
    await b.accept(page);
    await state(page, 'sized', 'running');
    await card(page, 'sized').getByText('3/3 engines').waitFor();
    await rows(page, 'sized').nth(2).waitFor();
    const code = 'sized := parallel.MustConnect(parallel.ClusterID("sized"))\nsized[:1].Execute(`os.Getenv("PANEL_TEST")`)';
    const cell = await b.run(page, code);
    await cell.locator('.jp-OutputArea', { hasText: 'from the profile' }).waitFor();
    const { curve_serverkey } = JSON.parse(require('fs').readFileSync(JSON.parse(b.gopar('cluster', 'status', 'sized', '--json')).connection_file));
    assert(curve_serverkey, 'the connections are not encrypted');
    await b.remove(page, 'sized');
  });
}

async function use(page) {
  await step('Insert code, and run it', async () => {
    await press(page, 'demo', 'Insert code');
    const source = (await b.sources(page)).find(s => s.includes('parallel.MustConnect(parallel.ClusterID("demo"))'));
    assert(source, 'the code is not there');
    const cell = await b.run(page, source);
    await cell.locator('.jp-OutputArea-output', { hasText: '2 engines' }).waitFor();
  });
  await step('the environment reaches the engines', async () => {
    const cell = await b.run(page, 'rc[:].Execute(`os.Getenv("PANEL_TEST")`)');
    await cell.locator('.jp-OutputArea', { hasText: 'two words' }).waitFor();
  });
  await step('tasks show: what runs, how many are done, how many a second', async () => {
    await b.run(page, 'func nap(i int) int {\n\ttime.Sleep(400 * time.Millisecond)\n\treturn i\n}');
    const cell = await b.run(page, 'rc.LoadBalancedView().Map(nap, []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16})');
    await card(page, 'demo').locator('tr[data-state="busy"] td:nth-child(3)', { hasText: 'nap' }).first().waitFor();
    await card(page, 'demo').getByText(/[1-9]\d* of 1\d tasks done/).waitFor();
    await cell.locator('.jp-OutputArea', { hasText: '16' }).waitFor();
    await card(page, 'demo').getByText(/(\d+) of \1 tasks done/).waitFor();
    await page.waitForFunction(() => /at most ([1-9]|0\.[1-9])/.test(document.querySelector('.gp-Plot svg').getAttribute('aria-label')));
    await card(page, 'demo').locator('td:nth-child(7)', { hasText: /^[1-9]/ }).first().waitFor();
  });
  await step('Interrupt ends what an engine runs', async () => {
    const cell = await b.run(page, 'rc[0].Execute("time.Sleep(time.Hour)")');
    const line = rows(page, 'demo').first();
    await line.locator('td', { hasText: 'time.Sleep(time.Hour)' }).waitFor();
    await line.getByRole('button', { name: 'Interrupt engine 0' }).click();
    await cell.locator('.jp-OutputArea', { hasText: /interrupt/i }).waitFor();
    await card(page, 'demo').locator('tbody tr:first-child[data-state="idle"]').waitFor();
  });
}

async function insert(context, page) {
  await step('drag and drop inserts a cell', async () => {
    const before = (await b.sources(page)).length;
    await drag(page, page.locator('.jp-Notebook .jp-Cell').first());
    await page.waitForFunction(n => window.jupyterapp.shell.currentWidget.content.widgets.length > n, before);
  });
  if (!b.notebook7) {
    await step('the notebook it is dropped on decides on the language', async () => {
      await page.evaluate(() => void window.jupyterapp.commands.execute('docmanager:open', { path: 'python.ipynb', options: { mode: 'split-right' } }));
      const python = page.locator('.jp-NotebookPanel:not(.lm-mod-hidden)').nth(1).locator('.jp-Cell').first();
      await python.waitFor();
      await page.evaluate(() => window.jupyterapp.commands.execute('docmanager:open', { path: 'go.ipynb' })); // the current one is Go
      await drag(page, python);
      await page.locator('.jp-NotebookPanel').nth(1).getByText('ipp').first().waitFor();
      await page.evaluate(() => window.jupyterapp.commands.execute('docmanager:open', { path: 'python.ipynb' }));
      await page.evaluate(() => window.jupyterapp.commands.execute('docmanager:save'));
      await page.evaluate(() => window.jupyterapp.commands.execute('application:close'));
    });
  }
}

// drag drags the card into a cell.
async function drag(page, target) {
  const from = await card(page, 'demo').locator('.gp-Title').boundingBox();
  const to = await target.boundingBox();
  await page.mouse.move(from.x + 5, from.y + 5);
  await page.mouse.down();
  await page.mouse.move(from.x + 60, from.y + 20, { steps: 4 });
  await page.mouse.move(to.x + 120, to.y + 12, { steps: 8 });
  await page.mouse.up();
}

async function look(page) {
  await step('it looks right and is accessible: both themes, narrow and wide', async () => {
    await b.run(page, 'rc.LoadBalancedView().Map(nap, make([]int, 40))'); // for something to see
    await card(page, 'demo').locator('tr[data-state="busy"]').nth(1).waitFor();
    const [light, dark] = ['JupyterLab Light', 'JupyterLab Dark'];
    for (const [name, short] of [[light, 'light'], [dark, 'dark']]) {
      await b.theme(page, name);
      await b.wide(page, 280);
      await b.shot(page, `${short}-narrow.png`);
      await b.accessible(page, '.gp-Panel');
      await b.wide(page, 660);
      await b.shot(page, `${short}-wide.png`);
      await b.accessible(page, '.gp-Panel');
    }
    await b.theme(page, light);
    await b.wide(page, 330);
  });
}

async function live(context, page) {
  await step('a second tab sees the same', async () => {
    const other = await b.open(context, 'python.ipynb');
    await state(other, 'demo', 'running');
    await press(other, 'demo', 'Insert code');
    await other.waitForFunction(() => window.jupyterapp.shell.currentWidget.content.activeCell.model.sharedModel.getSource().includes('ipp.Client('));
    await b.session(other);
    await other.close();
  });
  await step('a reload shows the same, and the card is open still', async () => {
    await page.reload();
    await b.ready(page);
    await b.show(page);
    await state(page, 'demo', 'running');
    await rows(page, 'demo').nth(1).waitFor();
    await b.session(page);
  });
  await step('a kernel of the panel that was culled is replaced', async () => {
    const { id } = await b.session(page);
    await b.api(page, 'DELETE', `sessions/${id}`);
    await page.locator('.gp-Message', { hasText: 'Connecting' }).waitFor();
    await b.connected(page);
    await state(page, 'demo', 'running');
    assert.notEqual((await b.session(page)).id, id);
  });
  await step('a kernel of the panel that is restarted goes on', async () => {
    const { kernel } = await b.session(page);
    await b.api(page, 'POST', `kernels/${kernel.id}/restart`);
    b.gopar('cluster', 'start', '-n', '1', '--id', 'meanwhile');
    await state(page, 'meanwhile', 'running');
    await b.connected(page);
    await b.remove(page, 'meanwhile');
  });
  await step('a killed engine is seen within a second', async () => {
    const pid = Number(await cell(rows(page, 'demo').first(), 'pid').innerText());
    process.kill(pid, 'SIGKILL');
    await row(page, 'demo', String(pid)).waitFor({ state: 'detached', timeout: 1000 });
    await row(page, 'demo', '↻1').waitFor(); // the supervisor starts another one
    await state(page, 'demo', 'running');
  });
  await step('a cluster started elsewhere appears', async () => {
    b.gopar('cluster', 'start', '-n', '1', '--id', 'outside');
    await state(page, 'outside', 'running', 2000);
    b.gopar('cluster', 'scale', 'outside', '2');
    await card(page, 'outside').getByText('2/2 engines').waitFor({ timeout: 2000 });
    await b.remove(page, 'outside');
  });
}

async function change(page) {
  await step('Scale', async () => {
    await press(page, 'demo', 'Scale');
    await page.locator('.jp-Dialog').getByLabel('Engines').fill('4');
    await b.accept(page);
    await card(page, 'demo').getByText('4/4 engines').waitFor();
    await rows(page, 'demo').nth(3).waitFor();
    await state(page, 'demo', 'running');
  });
  await step('Restart of one engine', async () => {
    const line = rows(page, 'demo').first();
    const pid = await cell(line, 'pid').innerText();
    await line.getByRole('button', { name: /^Restart / }).click();
    await b.accept(page);
    await row(page, 'demo', pid).waitFor({ state: 'detached' });
    await state(page, 'demo', 'running');
  });
  await step('Stop of one engine', async () => {
    const line = rows(page, 'demo').nth(1);
    const pid = await cell(line, 'pid').innerText();
    await line.getByRole('button', { name: /^Stop / }).click();
    await b.accept(page);
    await row(page, 'demo', pid).waitFor({ state: 'detached' });
    await card(page, 'demo').getByText('3/3 engines').waitFor();
    await state(page, 'demo', 'running');
  });
  await step('Restart of all', async () => {
    await press(page, 'demo', 'Restart');
    await b.accept(page);
    await state(page, 'demo', 'restarting');
    await state(page, 'demo', 'running');
  });
  await step('Stop, and Start with the options of before', async () => {
    await press(page, 'demo', 'Stop');
    await b.accept(page);
    await state(page, 'demo', 'stopped');
    await press(page, 'demo', 'Start');
    await state(page, 'demo', 'running');
    assert.match(await card(page, 'demo').innerText(), /3\/3 engines/);
    const code = 'rc2 := parallel.MustConnect(parallel.ClusterID("demo"))\nrc2[:].Execute(`os.Getenv("PANEL_TEST")`)';
    const cell = await b.run(page, code);
    await cell.locator('.jp-OutputArea', { hasText: 'two words' }).waitFor();
  });
  await step('Delete', () => b.remove(page, 'demo'));
}

async function errors(page) {
  await step('an error of a start is shown in full, and stays', async () => {
    await b.create(page, 'wrong', 1);
    await page.locator('.jp-Dialog').getByText('Options').click();
    await page.locator('.jp-Dialog').getByLabel('Folder').fill('/nowhere/at/all');
    await b.accept(page);
    await state(page, 'wrong', 'failed');
    await card(page, 'wrong').getByText('stat /nowhere/at/all: no such file or directory').waitFor();
    await b.shot(page, 'failed-start.png');
    await b.accessible(page, '.gp-Panel');
    await press(page, 'wrong', 'Delete'); // nothing can be lost: it does not ask
    await card(page, 'wrong').waitFor({ state: 'detached' });
  });
  await step('a start that cannot be is refused, and the refusal dismissed', async () => {
    b.gopar('cluster', 'start', '-n', '1', '--id', 'taken');
    await state(page, 'taken', 'running');
    await b.create(page, 'taken', 1);
    await page.getByText('taken runs already.').waitFor();
    await page.keyboard.press('Escape');
    await press(page, 'taken', 'Scale');
    await page.locator('.jp-Dialog').getByLabel('Engines').fill('2');
    b.gopar('cluster', 'stop', 'taken');
    await b.accept(page);
    await page.locator('.gp-Error', { hasText: /^Scale taken/ }).waitFor();
    await page.getByRole('button', { name: 'Dismiss' }).click();
    await page.locator('.gp-Error').waitFor({ state: 'detached' });
  });
}

async function commands(page) {
  await step('settings: what New offers', async () => {
    const cookie = (await page.context().cookies()).find(c => c.name === '_xsrf');
    const address = `${b.url}/lab/api/settings/@gopar-project/clusters:plugin`;
    const headers = { 'X-XSRFToken': cookie?.value ?? '' };
    assert((await page.request.put(address, { data: { raw: '{"engines": 3}' }, headers })).ok());
    await page.reload();
    await b.ready(page);
    await b.show(page);
  });
  await step('all with the keyboard alone, from the palette', async () => {
    await palette(page, 'New Go Cluster');
    await page.locator('.jp-Dialog').getByLabel('Name').waitFor();
    await page.waitForFunction(() => document.activeElement === document.querySelector('.gp-Form input'));
    assert.equal(await page.locator('.jp-Dialog').getByLabel('Engines', { exact: true }).inputValue(), '3');
    await page.keyboard.type('keys');
    await page.keyboard.press('Tab');
    await page.keyboard.type('1');
    await page.keyboard.press('Enter');
    await state(page, 'keys', 'running');
    await card(page, 'keys').getByText('1/1 engine').waitFor();
    const caret = b.button(page, 'keys', 'Engines and logs of');
    await caret.focus();
    await page.keyboard.press('Space'); // it was open
    await card(page, 'keys').locator('.gp-Details').waitFor({ state: 'hidden' });
    await page.keyboard.press('Tab');
    assert.match(await page.evaluate(() => document.activeElement.ariaLabel), /^Insert code /);
    await palette(page, 'Delete Go Cluster');
    await page.locator('.jp-Dialog .jp-mod-warn').waitFor();
    await page.keyboard.press('Enter');
    await card(page, 'keys').waitFor({ state: 'detached' });
  });
}

// palette runs a command from the palette.
async function palette(page, label) {
  const input = page.locator('.lm-CommandPalette-input:visible');
  await b.shortcut(page, 'Control+Shift+C', input);
  await input.fill(label);
  await page.locator('.lm-CommandPalette-item.lm-mod-active:visible', { hasText: label }).waitFor();
  await page.keyboard.press('Enter');
}

b.main(main);
