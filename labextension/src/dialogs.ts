import { Dialog, InputDialog, showDialog } from '@jupyterlab/apputils';
import { Widget } from '@lumino/widgets';

import { name } from './card';
import { element, setText } from './element';
import type { IArgs, ICluster, IHello, ILaunch } from './protocol';

/** What a new cluster and its profile may be called; '' is the default one. */
const NAME = '([A-Za-z0-9][A-Za-z0-9._\\-]{0,63})?';

/** Says why a value cannot be used; '' if it can. */
type Check = (value: string) => string;

let fields = 0;

/** A labelled field, which says below itself what is wrong with its value. */
function field(label: string, input: HTMLInputElement | HTMLSelectElement, hint = '', check: Check = () => ''): HTMLElement {
  input.id = `gp-field-${++fields}`;
  const text = element('div', { className: 'gp-Hint', id: `${input.id}-hint` }, hint);
  input.setAttribute('aria-describedby', text.id);
  const judge = () => {
    const before = input.validity.customError;
    input.setCustomValidity(check(input.value));
    if (before !== input.validity.customError) {
      // JupyterLab's dialog has looked at the form already, before this could be known.
      input.dispatchEvent(new Event('input', { bubbles: true }));
    }
    const wrong = input.validity.customError ? input.validationMessage : input.validity.valid ? '' : input.dataset.wrong || input.validationMessage;
    setText(text, wrong || hint);
    text.classList.toggle('gp-mod-wrong', wrong !== '');
    input.setAttribute('aria-invalid', String(wrong !== ''));
  };
  input.addEventListener('input', judge);
  judge();
  return element('div', { className: 'gp-Field' }, element('label', { htmlFor: input.id }, label), input, text);
}

/** A form in a dialog whose button works only while the form is valid. */
class Form<T> extends Widget implements Dialog.IBodyWidget<T> {
  constructor(form: HTMLFormElement, private value: () => T) {
    super({ node: form });
    this.addClass('gp-Form');
    form.noValidate = true;
    form.addEventListener('submit', event => event.preventDefault());
    form.addEventListener('input', () => this.check());
  }

  getValue(): T {
    return this.value();
  }

  protected onAfterAttach(): void {
    this.check();
    requestAnimationFrame(() => this.node.querySelector<HTMLInputElement>('input')?.select());
  }

  private check(): void {
    const accept = this.node.closest('.jp-Dialog')?.querySelector<HTMLButtonElement>('.jp-mod-accept');
    if (accept) {
      accept.disabled = !(this.node as HTMLFormElement).checkValidity();
    }
  }
}

async function ask<T>(title: string, button: string, body: Form<T>): Promise<T | undefined> {
  const result = await showDialog<T>({
    title,
    body,
    focusNodeSelector: 'input',
    buttons: [Dialog.cancelButton(), Dialog.okButton({ label: button })]
  });
  return result.button.accept && (body.node as HTMLFormElement).checkValidity() ? result.value ?? undefined : undefined;
}

function text(value: string, placeholder: string): HTMLInputElement {
  return element('input', { type: 'text', value, placeholder, className: 'jp-mod-styled', autocomplete: 'off', spellcheck: false });
}

function count(value: number, min: number, max: number, wrong: string): HTMLInputElement {
  const input = element('input', { type: 'number', min: String(min), max: String(max), step: '1', required: true, value: String(value), className: 'jp-mod-styled' });
  input.dataset.wrong = wrong;
  return input;
}

function engineCount(value: number): HTMLInputElement {
  return count(value, 1, 4096, 'A whole number from 1 to 4096.');
}

/** The words of a line; blanks stand in double quotes. */
function words(line: string): string[] {
  return (line.match(/(?:[^\s"]+|"[^"]*")+/g) ?? []).map(w => w.replace(/"/g, ''));
}

/** The fields for what batch systems, SSH and MPI have to be told. */
class Job {
  readonly node: HTMLElement;

  constructor() {
    const cpus = this.field('cpus', 'CPUs', 'one', 'Of each engine.');
    cpus.type = 'number';
    cpus.min = '1';
    cpus.dataset.wrong = 'A whole number from 1.';
    const walltime = this.field('walltime', 'Walltime', '2h30m', 'Then engines are ended.');
    walltime.pattern = '([0-9]+[dhms])+|([0-9]+-)?[0-9]+(:[0-9]+){1,2}';
    walltime.dataset.wrong = 'Like 90m, 2h30m, 2:30:00.';
    this.field('queue', 'Queue', "the system's", 'Or partition.');
    this.field('account', 'Account', 'yours', 'Who pays for it.');
    this.field('memory', 'Memory', '4G', 'Of each engine.');
    this.field('gpus', 'GPUs', 'none', 'Of each engine.');
    this.batch.append(...['queue', 'account', 'walltime', 'cpus', 'memory', 'gpus'].map(name => this.labelled.get(name)!));
    this.field('hosts', 'Hosts', 'node1 me@node2 node3*4', 'Separated by blanks; *4: four times.');
    this.ssh.append(this.labelled.get('hosts')!);
    this.node = element('div', {}, this.batch, this.ssh);
  }

  /** Shows the fields of a system; those that are not shown count as empty. */
  show(kind: string): void {
    const hosts = kind === 'ssh' || kind === 'mpi';
    this.batch.hidden = this.batch.disabled = kind === 'local' || hosts;
    this.ssh.hidden = this.ssh.disabled = !hosts;
  }

  value(): ILaunch {
    const value = (name: string) => {
      const input = this.inputs.get(name)!;
      return input.matches(':disabled') ? '' : input.value.trim();
    };
    const given: ILaunch = {};
    for (const name of ['queue', 'account', 'walltime', 'memory', 'gpus'] as const) {
      given[name] = value(name) || undefined;
    }
    given.cpus = Number(value('cpus')) || undefined;
    given.hosts = value('hosts') ? words(value('hosts')) : undefined;
    return given;
  }

  private field(name: string, label: string, placeholder: string, hint: string): HTMLInputElement {
    const input = text('', placeholder);
    this.inputs.set(name, input);
    this.labelled.set(name, field(label, input, hint));
    return input;
  }

  private inputs = new Map<string, HTMLInputElement>();
  private labelled = new Map<string, HTMLElement>();
  private batch = element('fieldset', { className: 'gp-Pair gp-Job' });
  private ssh = element('fieldset', { className: 'gp-Job' });
}

/** Asks what a new cluster should be like. */
export function askNew(engines: number, launcher: string, hello: IHello, clusters: ICluster[]): Promise<IArgs | undefined> {
  const id = text('', 'default');
  const profile = text('', 'default');
  id.pattern = profile.pattern = NAME;
  id.dataset.wrong = profile.dataset.wrong = 'Letters and digits, and - _ . after the first; 64 at most.';
  const profiles = element('datalist', { id: `gp-profiles-${fields}` }, ...hello.profiles.map(p => element('option', { value: p })));
  profile.setAttribute('list', profiles.id);
  const n = engineCount(engines);
  const how = element(
    'select',
    { className: 'jp-mod-styled' },
    ...hello.launchers.map(l => element('option', { value: l.name, selected: l.name === launcher }, l.title))
  );
  const job = new Job();
  const dir = text('', hello.dir);
  const env = text('', 'GOMAXPROCS=2 DATA="/my data"');
  const curve = element('input', { type: 'checkbox' });
  const restarts = count(5, -1, 1000, 'A whole number from -1 to 1000.');
  const taken: Check = () => {
    const same = clusters.find(c => c.id === id.value.replace(/^default$/, '') && c.profile === (profile.value || 'default'));
    return same && same.state !== 'stopped' && same.state !== 'failed' ? `${name(same)} runs already.` : '';
  };
  const named: Check = line => (words(line).some(w => !/^[A-Za-z_][A-Za-z0-9_]*=/.test(w)) ? 'NAME=value, separated by blanks.' : '');
  const form = element(
    'form',
    {},
    element(
      'div',
      { className: 'gp-Pair' },
      field('Name', id, 'Empty: found without a name.', taken),
      field('Engines', n, hello.cores === 1 ? '1 core is here.' : `${hello.cores} cores are here.`),
      field('Profile', profile, 'Of IPython; it holds its files.'),
      profiles,
      field('Launcher', how, 'What runs the engines.')
    ),
    job.node,
    hello.problem ? element('div', { className: 'gp-Hint gp-mod-wrong' }, hello.problem) : '',
    element(
      'details',
      {},
      element('summary', {}, 'Options'),
      field('Folder', dir, 'The working directory of the engines.'),
      field('Environment', env, 'Variables of hub and engines. Not for secrets.', named),
      element(
        'div',
        { className: 'gp-Pair' },
        field('Restarts', restarts, 'Of an engine that keeps failing; -1: none.'),
        element('label', { className: 'gp-Check' }, curve, 'Encrypt all connections')
      )
    )
  );
  const chosen = () => {
    const l = hello.launchers.find(l => l.name === how.value);
    job.show(l?.kind ?? 'local');
    if (l?.engines) {
      n.value = String(l.engines);
    }
  };
  how.addEventListener('change', chosen);
  chosen();
  profile.addEventListener('input', () => id.dispatchEvent(new Event('input', { bubbles: true })));
  return ask(
    'New cluster',
    'Start',
    new Form<IArgs>(form, () => ({
      id: id.value.replace(/^default$/, ''),
      n: n.valueAsNumber,
      launcher: how.value,
      profile: profile.value,
      dir: dir.value,
      env: words(env.value),
      restarts: restarts.valueAsNumber || -1, // none at all is what the kernel calls -1
      curve: curve.checked,
      launch: job.value()
    }))
  );
}

/** Asks how many engines a cluster should have. */
export function askScale(c: ICluster): Promise<number | undefined> {
  const n = engineCount(c.want);
  const hint = 'New engines come up beside the others; of too many, the youngest end.';
  return ask(`Scale ${name(c)}`, 'Scale', new Form<number>(element('form', {}, field('Engines', n, hint)), () => n.valueAsNumber));
}

/** Asks which of several clusters is meant; the only one without asking. */
export async function pick(title: string, clusters: ICluster[]): Promise<ICluster | undefined> {
  if (clusters.length < 2) {
    return clusters[0];
  }
  const result = await InputDialog.getItem({ title, label: 'Cluster', items: clusters.map(name) });
  return result.button.accept ? clusters.find(c => name(c) === result.value) : undefined;
}

/** Asks before something that cannot be taken back. */
export async function confirm(title: string, body: string, button: string): Promise<boolean> {
  const result = await showDialog({ title, body, buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: button })] });
  return result.button.accept;
}
