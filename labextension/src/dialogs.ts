import { Dialog, showDialog } from '@jupyterlab/apputils';
import { Widget } from '@lumino/widgets';

import { element } from './element';
import type { IArgs } from './protocol';

/** What a new cluster may be called; '' is the profile's default cluster. */
const NAME = '([A-Za-z0-9][A-Za-z0-9._\\-]{0,63})?';

let fields = 0;

/** A labelled field. */
function field(label: string, input: HTMLElement, hint = ''): HTMLElement {
  input.id = `gp-field-${++fields}`;
  const node = element('div', { className: 'gp-Field' }, element('label', { htmlFor: input.id }, label), input);
  if (hint) {
    const text = element('div', { className: 'gp-Hint', id: `${input.id}-hint` }, hint);
    input.setAttribute('aria-describedby', text.id);
    node.append(text);
  }
  return node;
}

/** A form in a dialog whose button works only while the form is valid. */
class Form<T> extends Widget implements Dialog.IBodyWidget<T> {
  constructor(form: HTMLFormElement, private value: () => T) {
    super({ node: form });
    this.addClass('gp-Form');
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

function count(value: number): HTMLInputElement {
  return element('input', { type: 'number', min: '1', max: '4096', step: '1', required: true, value: String(value), className: 'jp-mod-styled' });
}

/** Asks what a new cluster should be like. */
export function askNew(engines: number, launchers: string[], launcher: string): Promise<IArgs | undefined> {
  const id = element('input', { type: 'text', pattern: NAME, placeholder: 'default', className: 'jp-mod-styled' });
  const profile = element('input', { type: 'text', pattern: NAME, placeholder: 'default', className: 'jp-mod-styled' });
  const n = count(engines);
  const how = element('select', { className: 'jp-mod-styled' }, ...launchers.map(l => element('option', { value: l, selected: l === launcher }, l)));
  const form = element(
    'form',
    {},
    field('Name', id, 'Letters, digits, and - _ . after the first; empty: the cluster that is found without a name.'),
    field('Engines', n),
    field('Launcher', how),
    field('Profile', profile)
  );
  return ask('New cluster', 'Start', new Form<IArgs>(form, () => ({ id: id.value, n: n.valueAsNumber, launcher: how.value, profile: profile.value })));
}

/** Asks how many engines a cluster should have. */
export function askScale(name: string, engines: number): Promise<number | undefined> {
  const n = count(engines);
  return ask(`Scale ${name}`, 'Scale', new Form<number>(element('form', {}, field('Engines', n)), () => n.valueAsNumber));
}

/** Asks before something that cannot be taken back. */
export async function confirm(title: string, body: string, button: string): Promise<boolean> {
  const result = await showDialog({ title, body, buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: button })] });
  return result.button.accept;
}
