import { Notification } from '@jupyterlab/apputils';
import { type INotebookTracker, NotebookActions, type NotebookPanel } from '@jupyterlab/notebook';
import { MimeData } from '@lumino/coreutils';
import { Drag } from '@lumino/dragdrop';

import type { ICluster } from './protocol';

/** The data that notebooks accept when it is dropped on them. */
const CELLS = 'application/vnd.jupyter.cells';

/** Pixels that the pointer moves before a press becomes a drag. */
const DRAG_DISTANCE = 5;

/** The language of a notebook's kernel; of its metadata while it has none. */
function language(panel: NotebookPanel): string {
  const spec = panel.content.model?.getMetadata('kernelspec') as { language?: string } | undefined;
  const info = panel.content.model?.getMetadata('language_info') as { name?: string } | undefined;
  return (info?.name || spec?.language || '').toLowerCase();
}

/** The code that connects to a cluster in the language of a notebook; undefined if there is none. */
function code(cluster: ICluster, panel: NotebookPanel | null): string | undefined {
  const name = panel ? language(panel) : 'go';
  if (name === 'go') {
    return cluster.go;
  }
  return name.includes('python') ? cluster.python : undefined;
}

/** Inserts the cell that connects to a cluster below the active cell, or into it if it is empty. */
export function insert(cluster: ICluster, tracker: INotebookTracker): void {
  const panel = tracker.currentWidget;
  if (!panel) {
    Notification.warning('Open a Go or Python notebook first: the code goes into the current one.');
    return;
  }
  const source = code(cluster, panel);
  if (source === undefined) {
    Notification.warning('The current notebook is neither Go nor Python.');
    return;
  }
  const notebook = panel.content;
  if (notebook.activeCell?.model.type !== 'code' || notebook.activeCell.model.sharedModel.getSource().trim() !== '') {
    NotebookActions.insertBelow(notebook);
  }
  notebook.activeCell?.model.sharedModel.setSource(source);
  notebook.activate();
}

/** Makes an element the handle by which a cluster can be dragged into a notebook. */
export function draggable(node: HTMLElement, cluster: () => ICluster, tracker: INotebookTracker): void {
  node.addEventListener('pointerdown', down => {
    if (down.button !== 0 || (down.target as HTMLElement).closest('button, input, select, textarea')) {
      return;
    }
    const end = () => {
      document.removeEventListener('pointermove', move, true);
      document.removeEventListener('pointerup', end, true);
    };
    const move = (event: PointerEvent) => {
      if (Math.abs(event.clientX - down.clientX) + Math.abs(event.clientY - down.clientY) < DRAG_DISTANCE) {
        return;
      }
      end();
      const c = cluster();
      if (c.go) {
        start(c, tracker, event);
      }
    };
    document.addEventListener('pointermove', move, true);
    document.addEventListener('pointerup', end, true);
  });
}

function start(cluster: ICluster, tracker: INotebookTracker, event: PointerEvent): void {
  const mimeData = new MimeData();
  const carry = (source: string) => {
    mimeData.setData(CELLS, [{ cell_type: 'code', source, metadata: {}, outputs: [], execution_count: null }]);
    mimeData.setData('text/plain', source);
  };
  const shown = code(cluster, tracker.currentWidget) ?? cluster.go;
  carry(shown);
  const dragImage = document.createElement('pre');
  dragImage.className = 'gp-Drag';
  dragImage.textContent = shown;
  // The notebook below the pointer decides on the language, before it sees the drop itself.
  const drop = (event: Event) => {
    const target = tracker.find(panel => panel.node.contains(event.target as Node));
    const source = target && code(cluster, target);
    if (source) {
      carry(source);
    } else if (target) {
      event.stopPropagation();
      Notification.warning('This notebook is neither Go nor Python.');
    }
  };
  document.addEventListener('lm-drop', drop, true);
  const drag = new Drag({ mimeData, dragImage, supportedActions: 'copy', proposedAction: 'copy' });
  void drag.start(event.clientX, event.clientY).then(() => {
    document.removeEventListener('lm-drop', drop, true);
    drag.dispose();
  });
}
