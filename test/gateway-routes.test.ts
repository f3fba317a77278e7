import { expect, test } from 'vitest';
import { routeOf } from '../gateway/routes.js';
import { routes } from '../video/vms/routes.js';

test('the gateway has a template for all that video management documents', () => {
  for (const { path } of routes) {
    const template = `/vms${path.replace(/\{(\w+)\}/g, ':$1')}`;
    expect(routeOf(template.replace(':id', '2f1c6a0e.8d3b'))).toBe(template);
  }
});
