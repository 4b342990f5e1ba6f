import { addIcon, caretDownIcon, caretRightIcon, closeIcon, codeIcon, type LabIcon, refreshIcon, runIcon, stopIcon } from '@jupyterlab/ui-components';

import { element, setText } from './element';
import type { ICluster, IDetailsEvent, IEngine } from './protocol';

/** What the buttons of a card do. */
export type Action = 'insert' | 'start' | 'stop' | 'scale' | 'restart' | 'delete';

const BUTTONS: [Action, string, LabIcon, string][] = [
  ['insert', 'Insert code', codeIcon, 'Insert a cell that connects to it into the current notebook'],
  ['start', 'Start', runIcon, 'Start it again'],
  ['scale', 'Scale', addIcon, 'Change the number of engines'],
  ['restart', 'Restart', refreshIcon, 'Start all engines anew; the hub stays, and clients stay connected'],
  ['stop', 'Stop', stopIcon, 'Stop its engines and its hub'],
  ['delete', 'Delete', closeIcon, 'Stop and forget it; its logs stay']
];

const COLUMNS: [string, (e: IEngine) => string][] = [
  ['#', e => (e.id < 0 ? '–' : String(e.id))],
  ['State', e => e.state + (e.again ? ` ↻${e.again}` : '')],
  ['Host', e => e.host],
  ['PID', e => (e.pid ? String(e.pid) : '')],
  ['Queue', e => (e.id < 0 ? '' : String(e.queue))],
  ['Done', e => (e.id < 0 ? '' : String(e.done))]
];

/** How a user calls a cluster. */
export function name(c: ICluster): string {
  return (c.id || 'default') + (c.profile === 'default' ? '' : ` (${c.profile})`);
}

/** The buttons that make sense now. */
function offered(c: ICluster): Set<Action> {
  if (c.busy) {
    return new Set(c.busy === 'starting' ? ['stop'] : []);
  }
  if (c.state === 'stopped' || c.state === 'failed') {
    return new Set(['start', 'delete']);
  }
  if (c.state === 'starting' || c.state === 'stopping') {
    return new Set(['stop']);
  }
  const running: Action[] = ['insert', 'restart', 'stop', 'delete'];
  return new Set(c.want ? [...running, 'scale'] : running);
}

/** What a card tells the panel. */
export interface ICardEvents {
  act(action: Action): void;
  engine(op: 'interrupt' | 'restart', index: number): void;
  toggled(open: boolean): void;
}

/** One cluster in the list. Its elements live as long as it does, so that focus and selections stay. */
export class Card {
  readonly node: HTMLElement;
  readonly head: HTMLElement;
  open = false;

  constructor(
    public cluster: ICluster,
    private on: ICardEvents
  ) {
    this.caret = element('button', { className: 'gp-Caret', type: 'button' });
    this.caret.addEventListener('click', () => this.toggle());
    this.head = element('div', { className: 'gp-Head', title: 'Drag it into a notebook to insert the code that connects to it' });
    this.head.append(this.caret, this.dot, this.title, this.state);
    for (const [action, label, icon, hint] of BUTTONS) {
      const button = element('button', { className: `gp-Button gp-mod-${action}`, type: 'button', title: hint });
      button.dataset.action = action;
      button.append(icon.element({ tag: 'span', elementSize: 'normal' }), element('span', {}, label));
      button.addEventListener('click', () => on.act(action));
      this.buttons.set(action, button);
    }
    const bar = element('div', { className: 'gp-Buttons' }, ...this.buttons.values());
    this.log.setAttribute('role', 'log');
    this.log.tabIndex = 0;
    this.which.addEventListener('change', () => this.showLog());
    const header = element('tr', {}, ...COLUMNS.map(([c]) => element('th', { scope: 'col' }, c)), element('td'));
    this.details.append(
      element('table', { className: 'gp-Engines' }, element('thead', {}, header), this.rows),
      this.waiting,
      element('div', { className: 'gp-LogHead' }, 'Log ', this.which),
      this.log
    );
    this.node = element('li', { className: 'gp-Card' }, this.head, this.info, this.problem, bar, this.details);
    this.update(cluster);
  }

  /** Shows what a cluster has become. */
  update(c: ICluster): void {
    this.cluster = c;
    const called = name(c);
    const shown = c.busy || c.state;
    this.node.dataset.state = shown;
    this.node.dataset.cluster = c.id;
    this.node.setAttribute('aria-label', `Cluster ${called}, ${shown}`);
    setText(this.title, called);
    setText(this.state, shown);
    const alive = c.state !== 'stopped' && c.state !== 'failed';
    const engines = !alive ? `${c.want} engines` : c.want ? `${c.ready}/${c.want} engines` : `${c.ready} engines`;
    setText(this.info, `${engines} · ${c.launcher}`);
    setText(this.problem, c.busy ? '' : c.problem);
    this.problem.hidden = !this.problem.textContent;
    const now = offered(c);
    for (const [action, button] of this.buttons) {
      button.hidden = !now.has(action);
      button.setAttribute('aria-label', `${BUTTONS.find(b => b[0] === action)![1]} ${called}`);
    }
    this.caret.hidden = !alive;
    this.caret.setAttribute('aria-label', `Engines and logs of ${called}`);
    this.caret.setAttribute('aria-expanded', String(this.open && alive));
    this.caret.replaceChildren((this.open && alive ? caretDownIcon : caretRightIcon).element({ tag: 'span', elementSize: 'normal' }));
    this.details.hidden = !this.open || !alive;
  }

  /** Shows engines and logs, or hides them. */
  toggle(): void {
    this.open = !this.open;
    this.update(this.cluster);
    this.on.toggled(this.open);
  }

  /** Shows what the hub says of the engines, and the ends of the logs. */
  inside(d: IDetailsEvent): void {
    this.engines = d.engines;
    d.engines.forEach((e, i) => {
      const row = this.rows.rows[i] ?? this.row(i);
      row.dataset.state = e.state;
      row.title = e.reason;
      COLUMNS.forEach(([, value], j) => setText(row.cells[j], value(e)));
      row.cells[COLUMNS.length].hidden = e.index < 0;
      row.querySelectorAll('button').forEach(b => (b.ariaLabel = `${b.title} ${e.id < 0 ? `process ${e.pid}` : `engine ${e.id}`}`));
    });
    while (this.rows.rows.length > d.engines.length) {
      this.rows.deleteRow(-1);
    }
    setText(this.waiting, d.waiting ? `${d.waiting} tasks wait for an engine` : '');
    this.logs = new Map(d.logs.map(l => [l.path.replace(/^.*[\\/]/, ''), l.lines.join('\n')]));
    const names = [...this.logs.keys()];
    if (names.join() !== [...this.which.options].map(o => o.value).join()) {
      const chosen = this.which.value;
      this.which.replaceChildren(...names.map(n => element('option', { value: n, selected: n === chosen }, n)));
    }
    this.showLog();
  }

  /** Adds a row to the table of engines, with the buttons of an engine. */
  private row(i: number): HTMLTableRowElement {
    const row = this.rows.insertRow();
    COLUMNS.forEach(() => row.insertCell());
    const cell = row.insertCell();
    for (const [op, title, icon] of [
      ['interrupt', 'Interrupt', stopIcon],
      ['restart', 'Restart', refreshIcon]
    ] as const) {
      const button = element('button', { className: 'gp-Caret', type: 'button', title });
      button.append(icon.element({ tag: 'span', width: '12px', height: '12px' }));
      button.addEventListener('click', () => this.on.engine(op, this.engines[i].index));
      cell.append(button);
    }
    return row;
  }

  private showLog(): void {
    const tail = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 8;
    setText(this.log, this.logs.get(this.which.value) || 'nothing yet');
    if (tail) {
      this.log.scrollTop = this.log.scrollHeight;
    }
  }

  private engines: IEngine[] = [];
  private logs = new Map<string, string>();
  private buttons = new Map<Action, HTMLButtonElement>();
  private caret: HTMLButtonElement;
  private dot = element('span', { className: 'gp-Dot' });
  private title = element('span', { className: 'gp-Title' });
  private state = element('span', { className: 'gp-State' });
  private info = element('div', { className: 'gp-Info' });
  private problem = element('pre', { className: 'gp-Problem' });
  private details = element('div', { className: 'gp-Details' });
  private rows = element('tbody');
  private waiting = element('div', { className: 'gp-Hint' });
  private which = element('select', { ariaLabel: 'Which log' });
  private log = element('pre', { className: 'gp-Log', ariaLabel: 'End of the log' });
}
