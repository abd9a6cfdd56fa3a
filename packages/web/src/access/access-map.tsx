/** The map drawn: points that lead to what they name, lines that are whole where they hold and broken where not. */
import '@xyflow/react/dist/base.css'
import { Handle, MarkerType, type Node, Position, ReactFlow, useReactFlow, useStore } from '@xyflow/react'
import { useEffect } from 'react'
import classes from './access-map.module.css'
import { type AccessMap as MapOfAccess, type MapPoint, place } from './map.ts'
import { PointLink } from './map-table.tsx'

type PointNode = Node<{ readonly point: MapPoint }, 'point'>

const nodeTypes = { point: Point }
/** Never larger than life, and never so small that it cannot be read. */
const zoom = { min: 0.5, max: 1 }
const fit = { maxZoom: zoom.max, padding: 0.02 }
const margin = 24

export function AccessMap({ map }: { readonly map: MapOfAccess }) {
  const { placed, width, height } = place(map.points)
  const nodes: PointNode[] = placed.map(({ point, x, y }) => ({
    id: point.id,
    type: 'point',
    position: { x, y },
    data: { point },
  }))
  const edges = map.lines.map(({ from, to, holds }) => ({
    id: `${from} → ${to}`,
    source: from,
    target: to,
    ...classOf(holds),
    markerEnd: { type: MarkerType.ArrowClosed, color: holds ? 'var(--state-active)' : 'var(--line-control)' },
  }))
  return (
    <div
      className={classes.map}
      // As high as it is wide allows: what does not fit is drawn smaller, and leaves no empty room above and below.
      style={{ aspectRatio: `${width + 2 * margin} / ${height + 2 * margin}`, maxHeight: `${height + 2 * margin}px` }}
    >
      <ReactFlow
        // Laid out anew when what it shows changes.
        key={nodes.map(({ id }) => id).join()}
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        fitView
        fitViewOptions={fit}
        minZoom={zoom.min}
        maxZoom={zoom.max}
        nodesDraggable={false}
        nodesConnectable={false}
        // The links in the points are what a keyboard goes to.
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        zoomOnScroll={false}
        zoomOnPinch={false}
        zoomOnDoubleClick={false}
        preventScrolling={false}
        proOptions={{ hideAttribution: true }}
      >
        <FitsAgain />
      </ReactFlow>
    </div>
  )
}

/** As wide as there is room, whatever the window becomes. */
function FitsAgain() {
  const { fitView } = useReactFlow()
  const width = useStore(store => store.width)
  useEffect(() => {
    if (width > 0) void fitView(fit)
  }, [fitView, width])
  return null
}

/** A style sheet's classes may be undefined, which the library does not take. */
function classOf(holds: boolean): { className?: string } {
  const className = holds ? classes.holds : classes.open
  return className === undefined ? {} : { className }
}

function Point({ data: { point } }: { readonly data: PointNode['data'] }) {
  return (
    <div className={classes.point} data-holds={point.holds}>
      {point.column > 0 && <Handle type="target" position={Position.Left} isConnectable={false} />}
      <div className={classes.name}>
        <PointLink point={point} />
      </div>
      {point.note !== undefined && <div className={classes.note}>{point.note}</div>}
      {point.column < 5 && <Handle type="source" position={Position.Right} isConnectable={false} />}
    </div>
  )
}
