import { closeIcon, type LabIcon, refreshIcon, stopIcon } from '@jupyterlab/ui-components';

import { element, setText } from './element';
import { bytes } from './plot';
import type { IEngine } from './protocol';

/** What the buttons of an engine do. */
export type EngineAction = 'interrupt' | 'restart' | 'remove';

/** Heading, what stands before the value where there is no heading, and the value. */
const COLUMNS: [string, string, (e: IEngine) => string][] = [
  ['#', '', e => (e.id < 0 ? '–' : String(e.id))],
  ['State', '', e => e.state + (e.again ? ` ↻${e.again}` : '')],
  ['Task', '', e => e.task],
  ['Host', '', e => e.host],
  ['PID', 'pid ', e => (e.pid ? String(e.pid) : '')],
  ['Queue', 'queue ', e => (e.id < 0 ? '' : String(e.queue))],
  ['Done', 'done ', e => (e.id < 0 ? '' : String(e.done))],
  ['CPU', '', e => (e.cpu === null ? '' : `${e.cpu}%`)],
  ['Memory', '', e => (e.memory ? bytes(e.memory) : '')]
];

const BUTTONS: [EngineAction, string, string, LabIcon][] = [
  ['interrupt', 'Interrupt', 'Interrupt what it runs', stopIcon],
  ['restart', 'Restart', 'End its process and start another one', refreshIcon],
  ['remove', 'Stop', 'End it for good: the cluster has one engine fewer', closeIcon]
];

/** How a user calls an engine. */
export function engineName(e: IEngine): string {
  return e.id >= 0 ? `engine ${e.id}` : e.pid ? `process ${e.pid}` : `process ${e.index} of the cluster`;
}

/** The table of a cluster's engines. Rows live as long as they are needed, so that focus and selections stay. */
export class Engines {
  readonly node: HTMLElement;

  constructor(private act: (action: EngineAction, engine: IEngine) => void) {
    const header = element('tr', {}, ...COLUMNS.map(([c]) => element('th', { scope: 'col' }, c)), element('th', { scope: 'col' }, element('span', { className: 'gp-Hidden' }, 'Actions')));
    // The roles are those that tables have; they are lost where the style sheet lays rows out as blocks.
    const head = element('thead', {}, header);
    this.table.append(head, this.rows);
    this.table.setAttribute('role', 'table');
    head.setAttribute('role', 'rowgroup');
    this.rows.setAttribute('role', 'rowgroup');
    header.setAttribute('role', 'row');
    header.querySelectorAll('th').forEach(th => th.setAttribute('role', 'columnheader'));
    this.node = element('div', {}, this.table, this.note);
  }

  update(engines: IEngine[], note: string): void {
    this.engines = engines;
    this.table.classList.toggle('gp-mod-oneHost', new Set(engines.map(e => e.host)).size < 2);
    engines.forEach((e, i) => {
      const row = this.rows.rows[i] ?? this.row(i);
      row.dataset.state = e.state;
      row.title = e.reason;
      COLUMNS.forEach(([, , value], j) => {
        const text = value(e);
        setText(row.cells[j], text);
        row.cells[j].classList.toggle('gp-mod-empty', text === '');
      });
      row.cells[2].title = e.task && `${e.task}\nsubmitted ${new Date(e.submitted).toLocaleTimeString()}`;
      row.querySelectorAll('button').forEach(b => {
        b.disabled = e.index < 0;
        b.ariaLabel = `${b.dataset.label} ${engineName(e)}`;
      });
    });
    while (this.rows.rows.length > engines.length) {
      this.rows.deleteRow(-1);
    }
    setText(this.note, note);
  }

  /** Adds a row with the buttons of an engine. */
  private row(i: number): HTMLTableRowElement {
    const row = this.rows.insertRow();
    row.setAttribute('role', 'row');
    for (const [, label] of COLUMNS) {
      const cell = row.insertCell();
      cell.dataset.label = label;
    }
    const cell = row.insertCell();
    cell.className = 'gp-Actions';
    for (const [action, label, hint, icon] of BUTTONS) {
      const button = element('button', { className: 'gp-Icon', type: 'button', title: hint });
      button.dataset.label = label;
      button.append(icon.element({ tag: 'span', width: '14px', height: '14px' }));
      button.addEventListener('click', () => this.act(action, this.engines[i]));
      cell.append(button);
    }
    [...row.cells].forEach(c => c.setAttribute('role', 'cell'));
    return row;
  }

  private engines: IEngine[] = [];
  private table = element('table', { className: 'gp-Engines', ariaLabel: 'Engines' });
  private rows = element('tbody');
  private note = element('div', { className: 'gp-Hint' });
}
