import { LabIcon } from '@jupyterlab/ui-components';

import clusters from '../style/clusters.svg';
import power from '../style/power.svg';
import scale from '../style/scale.svg';

export const clustersIcon = new LabIcon({ name: 'gopar:clusters', svgstr: clusters });
export const powerIcon = new LabIcon({ name: 'gopar:power', svgstr: power });
export const scaleIcon = new LabIcon({ name: 'gopar:scale', svgstr: scale });
