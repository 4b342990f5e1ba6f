// Uses ipyparallel's own panel on clusters of gopar: it shows and stops them, and starts one from a profile.
// usage: node ipyparallel.js ipyparallel URL FOLDER        FOLDER gets the screenshots. run.sh makes what it needs.
const assert = require('assert');
const fs = require('fs');
const path = require('path');
const b = require('./browser');
const { step } = b;

// What docs/interop.md tells users to write.
const config = {
  LocalControllerLauncher: { controller_cmd: ['gopar', 'hub'] },
  LocalEngineLauncher: { engine_cmd: ['gopar', 'engine'] },
  LocalEngineSetLauncher: { engine_cmd: ['gopar', 'engine'] }
};

const item = (page, id) => page.locator('.ipp-ClusterListingItem', { has: page.locator(`button[title="Start ${id}"]`) });
const button = (page, id, what) => item(page, id).locator(`.ipp-ClusterListingItem-${what}:not(.ipp-hidden)`);
const ids = () => JSON.parse(b.gopar('cluster', 'list', '--json')).map(c => c.id);

async function main(context) {
  const profile = path.join(process.env.IPYTHONDIR, 'profile_go');
  fs.mkdirSync(profile, { recursive: true });
  fs.writeFileSync(path.join(profile, 'ipcluster_config.json'), JSON.stringify(config));
  b.gopar('install');
  b.gopar('cluster', 'start', '-n', '2', '--id', 'ours');
  const page = await b.load(context, 'python.ipynb');
  const theirs = page.locator('.jp-SideBar .lm-TabBar-tab').filter({ has: page.locator('[data-icon="ipyparallel:logo"]') });

  await step("ipyparallel's panel shows our cluster", async () => {
    await theirs.click();
    await item(page, 'default:ours').waitFor();
    const text = await item(page, 'default:ours').innerText();
    assert.match(text, /running/i);
    assert.match(text, /engines:?\s*2/i);
    await b.shot(page, 'ipyparallel.png');
  });
  await step('it inserts code that works with our cluster', async () => {
    await page.waitForFunction(() => window.jupyterapp.shell.currentWidget.sessionContext?.session?.kernel?.status === 'idle');
    await button(page, 'default:ours', 'code').click();
    await page.waitForFunction(() => window.jupyterapp.shell.currentWidget.content.widgets.some(c => c.model.sharedModel.getSource().includes('ipp.Cluster.from_file')));
    const source = (await b.sources(page)).find(s => s.includes('ipp.Cluster.from_file'));
    const cell = await b.run(page, source + '\nprint(sorted(rc.ids))');
    await cell.locator('.jp-OutputArea', { hasText: '[0, 1]' }).waitFor();
  });
  await step('it stops our cluster', async () => {
    await button(page, 'default:ours', 'stop').click();
    await page.locator('.jp-Dialog .jp-mod-accept, .jp-Dialog .jp-mod-warn').last().click({ timeout: 2000 }).catch(() => undefined); // it may ask
    for (const end = Date.now() + b.SLOW; ids().includes('ours'); ) {
      assert(Date.now() < end, 'the cluster runs still');
    }
  });
  await step('it starts hub and engines of gopar from a profile', async () => {
    await button(page, 'go:', 'start').click();
    await item(page, 'go:').getByText('STOP').waitFor();
    await b.show(page);
    const ours = page.locator('.gp-Card', { hasText: 'default (go)' });
    await ours.waitFor();
    await page.locator('.gp-Card[data-state="running"]', { hasText: 'default (go)' }).getByText(/[1-9]\d* engines?/).waitFor();
    await ours.getByRole('button', { name: /^Engines and logs/ }).click();
    await ours.locator('tbody tr').first().waitFor();
    await b.shot(page, 'started.png');
  });
  await step('and stops them', async () => {
    await theirs.click();
    await button(page, 'go:', 'stop').click();
    await page.locator('.jp-Dialog .jp-mod-accept, .jp-Dialog .jp-mod-warn').last().click({ timeout: 2000 }).catch(() => undefined);
    await button(page, 'go:', 'start').waitFor();
    for (const end = Date.now() + b.SLOW; ids().length > 0; ) {
      assert(Date.now() < end, 'a cluster runs still');
    }
  });
}

b.main(main);
