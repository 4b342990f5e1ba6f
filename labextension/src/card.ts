import { caretDownIcon, caretRightIcon, codeIcon, deleteIcon, type LabIcon, refreshIcon, runIcon } from '@jupyterlab/ui-components';

import { element, setText } from './element';
import { type EngineAction, Engines } from './engines';
import { powerIcon, scaleIcon } from './icons';
import { bytes, Plot } from './plot';
import type { ICluster, IDetailsEvent, IEngine, ILogEvent } from './protocol';

/** What the buttons of a card do. */
export type Action = 'insert' | 'start' | 'stop' | 'scale' | 'restart' | 'delete';

const BUTTONS: [Action, string, LabIcon, string][] = [
  ['insert', 'Insert code', codeIcon, 'Insert a cell that connects to it into the current notebook'],
  ['start', 'Start', runIcon, 'Start it again'],
  ['scale', 'Scale', scaleIcon, 'Change the number of engines'],
  ['restart', 'Restart', refreshIcon, 'Start all engines anew; the hub stays, and clients stay connected'],
  ['stop', 'Stop', powerIcon, 'Stop its engines and its hub'],
  ['delete', 'Delete', deleteIcon, 'Stop and forget it; its logs stay']
];

/** How a user calls a cluster. */
export function name(c: ICluster): string {
  return (c.id || 'default') + (c.profile === 'default' ? '' : ` (${c.profile})`);
}

/** What can be done to a cluster now. */
export function offered(c: ICluster): Set<Action> {
  if (c.busy) {
    return new Set(c.busy === 'starting' ? ['stop'] : []);
  }
  if (c.state === 'stopped' || c.state === 'failed') {
    return new Set(['start', 'delete']);
  }
  if (c.state === 'starting' || c.state === 'stopping') {
    return new Set(['stop']);
  }
  const running: Action[] = ['insert', 'stop', 'delete'];
  return new Set(c.want ? [...running, 'restart', 'scale'] : running); // else its processes are not known
}

/** The line below a cluster's name. */
function summary(c: ICluster): string {
  const plural = (n: number) => (n === 1 ? '1 engine' : `${n} engines`);
  const alive = c.state !== 'stopped' && c.state !== 'failed';
  const words = [alive && c.want ? `${c.ready}/${plural(c.want)}` : plural(alive ? c.ready : c.want), c.launcher];
  if (alive && c.started) {
    const started = new Date(c.started);
    const today = started.toDateString() === new Date().toDateString();
    words.push('since ' + (today ? started.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' }) : started.toLocaleDateString()));
  }
  return words.join(' · ');
}

/** What a card tells the panel. */
export interface ICardEvents {
  act(action: Action): void;
  engine(action: EngineAction, engine: IEngine): void;
  /** It was opened or closed, or shows another log. */
  shows(open: boolean, log: string): void;
}

/** One cluster in the list. Its elements live as long as it does, so that focus and selections stay. */
export class Card {
  readonly node: HTMLElement;
  readonly head: HTMLElement;

  constructor(
    public cluster: ICluster,
    public open: boolean,
    private on: ICardEvents
  ) {
    this.caret.addEventListener('click', () => this.toggle());
    this.head = element('div', { className: 'gp-Head', title: 'Drag it into a notebook to insert the code that connects to it' });
    this.head.append(this.caret, this.dot, this.title, this.state);
    for (const [action, label, icon, hint] of BUTTONS) {
      const button = element('button', { className: `gp-Button gp-mod-${action}`, type: 'button', title: hint });
      button.dataset.action = action;
      button.append(icon.element({ tag: 'span', elementSize: 'normal' }), element('span', { className: 'gp-Label' }, label));
      button.addEventListener('click', () => on.act(action));
      this.buttons.set(action, button);
    }
    this.engines = new Engines((action, engine) => on.engine(action, engine));
    this.progress.append(this.bar);
    this.progress.setAttribute('role', 'progressbar');
    this.progress.setAttribute('aria-valuemin', '0');
    this.log.setAttribute('role', 'log');
    this.log.tabIndex = 0;
    this.which.addEventListener('change', () => on.shows(true, this.which.value));
    this.details.append(
      element('div', { className: 'gp-Plots' }, this.rate.node, this.cpu.node),
      element('div', { className: 'gp-Work' }, this.progress, this.work),
      this.engines.node,
      this.logHead,
      this.log
    );
    const buttons = element('div', { className: 'gp-Buttons' }, ...this.buttons.values());
    this.node = element('li', { className: 'gp-Card' }, this.head, this.info, this.problem, buttons, this.details);
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
    setText(this.info, summary(c));
    setText(this.problem, [c.busy ? '' : c.problem, c.pending].filter(Boolean).join('\n'));
    this.problem.hidden = !this.problem.textContent;
    const now = offered(c);
    for (const [action, button] of this.buttons) {
      button.hidden = !now.has(action);
      button.setAttribute('aria-label', `${BUTTONS.find(b => b[0] === action)![1]} ${called}`);
    }
    const open = this.open && alive;
    this.caret.style.visibility = alive ? '' : 'hidden';
    this.caret.setAttribute('aria-label', `Engines and logs of ${called}`);
    this.caret.setAttribute('aria-expanded', String(open));
    this.caret.replaceChildren((open ? caretDownIcon : caretRightIcon).element({ tag: 'span', elementSize: 'normal' }));
    this.details.hidden = !open;
  }

  /** Shows engines and logs, or hides them. */
  toggle(): void {
    this.open = !this.open;
    this.update(this.cluster);
    this.tell();
  }

  /** Tells the panel what it shows. */
  tell(): void {
    this.on.shows(this.open, this.which.value);
  }

  /** Shows what the hub says of the engines. */
  inside(d: IDetailsEvent): void {
    const { trend } = d;
    this.rate.update(trend.rate);
    this.cpu.update(trend.cpu, trend.memory ? bytes(trend.memory) : '');
    const most = Math.max(trend.total, 1);
    this.bar.style.width = `${(100 * trend.done) / most}%`;
    this.progress.setAttribute('aria-valuemax', String(most));
    this.progress.setAttribute('aria-valuenow', String(trend.done));
    this.progress.ariaLabel = 'Tasks that are done';
    this.progress.classList.toggle('gp-mod-busy', trend.done < trend.total);
    const words = trend.total ? [`${trend.done} of ${trend.total} tasks done`] : ['no tasks'];
    if (d.waiting) {
      words.push(`${d.waiting} wait for an engine`);
    }
    setText(this.work, words.join(' · '));
    this.engines.update(d.engines, d.more ? `and ${d.more} more engines` : '');
    this.logHead.hidden = this.log.hidden = d.logs.length === 0;
    if (d.logs.join() !== [...this.which.options].map(o => o.value).join()) {
      const chosen = this.which.value;
      this.which.replaceChildren(...d.logs.map(n => element('option', { value: n, selected: n === chosen }, n)));
      if (this.which.value !== chosen && chosen) {
        this.tell();
      }
    }
  }

  /** Shows the end of a log; at the end it stays there. */
  tail(l: ILogEvent): void {
    const end = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 8;
    setText(this.log, l.lines.join('\n') || 'nothing yet');
    if (end) {
      this.log.scrollTop = this.log.scrollHeight;
    }
  }

  private buttons = new Map<Action, HTMLButtonElement>();
  private engines: Engines;
  private caret = element('button', { className: 'gp-Icon gp-Caret', type: 'button' });
  private dot = element('span', { className: 'gp-Dot' });
  private title = element('span', { className: 'gp-Title' });
  private state = element('span', { className: 'gp-State' });
  private info = element('div', { className: 'gp-Info' });
  private problem = element('pre', { className: 'gp-Problem', tabIndex: 0, ariaLabel: 'What is wrong' });
  private details = element('div', { className: 'gp-Details' });
  private rate = new Plot('Tasks/s', v => String(v), 1);
  private cpu = new Plot('CPU', v => `${v}%`, 100);
  private progress = element('div', { className: 'gp-Progress' });
  private bar = element('div', { className: 'gp-Bar' });
  private work = element('div', { className: 'gp-Hint' });
  private which = element('select', { ariaLabel: 'Which log' });
  private logHead = element('div', { className: 'gp-LogHead' }, 'Log', this.which);
  private log = element('pre', { className: 'gp-Log', ariaLabel: 'End of the log' });
}
