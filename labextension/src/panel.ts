import type { INotebookTracker } from '@jupyterlab/notebook';
import { addIcon, closeIcon } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';

import { type Action, Card, name, offered } from './card';
import { askNew, askScale, confirm, pick } from './dialogs';
import { element, setText } from './element';
import { type EngineAction, engineName } from './engines';
import { draggable, insert } from './insert';
import { type Link, text } from './link';
import type { IArgs, ICluster, IEngine } from './protocol';

/** Where this tab remembers which cards are open. */
const OPEN = 'gopar:open-clusters';

/** What the user has set. */
export interface ISettings {
  engines: number;
  launcher: string;
  autoConnect: boolean;
}

/** The actions as questions and errors begin with them. */
const VERBS: Record<Action, string> = {
  insert: 'Insert code for',
  start: 'Start',
  stop: 'Stop',
  scale: 'Scale',
  restart: 'Restart',
  delete: 'Delete'
};

/** The "Go clusters" side panel. */
export class ClustersPanel extends Widget {
  settings: ISettings = { engines: 0, launcher: 'local', autoConnect: false };

  constructor(
    private link: Link,
    private tracker: INotebookTracker
  ) {
    super();
    this.addClass('gp-Panel');
    const add = element('button', { className: 'gp-Button gp-mod-new', type: 'button', title: 'Start a new cluster' });
    add.append(addIcon.element({ tag: 'span', elementSize: 'normal' }), element('span', {}, 'New'));
    add.setAttribute('aria-label', 'New cluster');
    add.addEventListener('click', () => void this.create());
    this.message.setAttribute('role', 'status');
    this.errors.setAttribute('role', 'alert');
    this.list.setAttribute('aria-label', 'Clusters');
    this.node.append(element('div', { className: 'gp-Toolbar' }, element('h2', {}, 'Go clusters'), add), this.errors, this.message, this.list);
    link.changed.connect(this.refresh, this);
    link.detailed.connect((_, d) => {
      const card = this.cards.get(d.key);
      if (d.event === 'log') {
        card?.tail(d);
      } else {
        card?.inside(d);
      }
    });
    this.refresh();
  }

  /** Starts a cluster after asking what it should be like. */
  async create(): Promise<void> {
    await this.link.open();
    const hello = await this.link.refresh();
    const args = await askNew(this.settings.engines || hello.cores, this.settings.launcher, hello, this.clusters);
    if (args) {
      this.awaited = `${args.profile || 'default'}:${args.id}`;
      await this.perform('new', args, args.id || 'default');
    }
  }

  /** The clusters that are known. */
  get clusters(): ICluster[] {
    return this.link.clusters?.clusters ?? [];
  }

  /** The clusters to which something can be done now. */
  able(action: Action): ICluster[] {
    return this.clusters.filter(c => offered(c).has(action));
  }

  /** Does something to a cluster, after asking to which if there are several. */
  async actOn(action: Action): Promise<void> {
    const c = await pick(`${VERBS[action]} which cluster?`, this.able(action));
    if (c) {
      await this.act(c, action);
    }
  }

  /** Connects although the panel was not shown yet. */
  connect(): void {
    this.link.wanted = true;
  }

  protected onAfterShow(_: Message): void {
    this.link.wanted = true;
  }

  protected onAfterAttach(_: Message): void {
    this.link.wanted = this.isVisible;
  }

  private async act(c: ICluster, action: Action): Promise<void> {
    switch (action) {
      case 'insert':
        return insert(c, this.tracker);
      case 'scale': {
        const n = await askScale(c);
        return n === undefined ? undefined : this.perform('scale', { key: c.key, n }, name(c));
      }
      case 'stop':
      case 'restart':
      case 'delete': {
        const runs = c.ready > 0 && !c.busy;
        const verb = VERBS[action];
        if (runs && !(await confirm(`${verb} ${name(c)}?`, 'What its engines hold and the tasks that run are lost.', verb))) {
          return;
        }
      }
    }
    return this.perform(action, { key: c.key }, name(c));
  }

  private async engine(c: ICluster, action: EngineAction, e: IEngine): Promise<void> {
    const what = `${engineName(e)} of ${name(c)}`;
    if (action !== 'interrupt' && e.id >= 0) {
      const verb = action === 'restart' ? 'Restart' : 'Stop';
      if (!(await confirm(`${verb} ${what}?`, 'What it holds and the task that it runs are lost.', verb))) {
        return;
      }
    }
    return this.perform(action, { key: c.key, index: e.index }, what);
  }

  /** Asks the kernel, and shows what went wrong until it is dismissed. */
  private async perform(op: string, args: IArgs, what: string): Promise<void> {
    try {
      await this.link.ask(op, args);
    } catch (error) {
      this.showError(op === 'new' ? 'Start' : op === 'remove' ? 'Stop' : VERBS[op as Action] ?? 'Interrupt', what, text(error));
    }
  }

  private showError(verb: string, what: string, error: string): void {
    if (this.clusters.some(c => c.problem === error)) {
      return; // its card says so, and goes on saying so
    }
    const close = element('button', { type: 'button', className: 'gp-Icon', title: 'Dismiss', ariaLabel: 'Dismiss' });
    close.append(closeIcon.element({ tag: 'span', elementSize: 'normal' }));
    const head = element('div', { className: 'gp-ErrorHead' }, element('strong', {}, `${verb} ${what}`), close);
    const node = element('div', { className: 'gp-Error' }, head, element('pre', { tabIndex: 0 }, error));
    node.dataset.error = error;
    close.addEventListener('click', () => node.remove());
    this.errors.replaceChildren(node);
  }

  private refresh(): void {
    const said = this.link.clusters;
    if (this.link.connected && !this.wasConnected) {
      for (const card of this.cards.values()) {
        card.tell();
      }
    }
    this.wasConnected = this.link.connected;
    const seen = new Set<string>();
    for (const c of said?.clusters ?? []) {
      seen.add(c.key);
      const card = this.cards.get(c.key) ?? this.add(c);
      card.update(c);
      const place = seen.size - 1;
      if (this.list.children[place] !== card.node) {
        this.list.insertBefore(card.node, this.list.children[place] ?? null);
      }
    }
    for (const [key, card] of this.cards) {
      if (!seen.has(key)) {
        card.node.remove();
        this.cards.delete(key);
      }
    }
    this.errors.querySelectorAll<HTMLElement>('.gp-Error').forEach(e => {
      if (this.clusters.some(c => c.problem === e.dataset.error)) {
        e.remove();
      }
    });
    let message = this.link.problem || said?.error || '';
    if (!message && !this.link.connected) {
      message = 'Connecting to a gopar kernel …';
    } else if (!message && !this.cards.size) {
      message = 'No clusters. Start one with New, or with: gopar cluster start -n 4';
    }
    setText(this.message, message);
    this.message.hidden = !message;
  }

  /** Adds the card of a cluster; one that was started here is open. */
  private add(c: ICluster): Card {
    if (this.awaited === `${c.profile}:${c.id}`) {
      this.awaited = '';
      this.remember(c.key, true);
    }
    const card = new Card(c, this.opened.has(c.key), {
      act: action => void this.act(card.cluster, action),
      engine: (action, e) => void this.engine(card.cluster, action, e),
      shows: (open, log) => this.inform(c.key, open, log)
    });
    draggable(card.head, () => card.cluster, this.tracker);
    this.cards.set(c.key, card);
    if (card.open) {
      card.tell();
    }
    return card;
  }

  private inform(key: string, open: boolean, log: string): void {
    this.remember(key, open);
    if (this.link.connected) {
      this.link.ask('details', { key, open, log }).catch(() => undefined); // a lost connection shows by itself
    }
  }

  private remember(key: string, open: boolean): void {
    if (open) {
      this.opened.add(key);
    } else {
      this.opened.delete(key);
    }
    window.sessionStorage.setItem(OPEN, JSON.stringify([...this.opened]));
  }

  private awaited = '';
  private opened = new Set<string>(remembered());
  private wasConnected = false;
  private cards = new Map<string, Card>();
  private list = element('ul', { className: 'gp-List' });
  private message = element('div', { className: 'gp-Message' });
  private errors = element('div');
}

function remembered(): string[] {
  try {
    const list: unknown = JSON.parse(window.sessionStorage.getItem(OPEN) ?? '[]');
    return Array.isArray(list) ? list.filter(k => typeof k === 'string') : [];
  } catch {
    return []; // written by something else
  }
}
