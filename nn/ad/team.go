package ad

import "github.com/gradlogp/gradlogp/nn/pool"

// A unit of work is for one worker, unless layers are wide and there are more
// workers than units: few rows, or so many weights that there are few lanes. Then
// a team of workers shares each unit, block by block. What belongs to rows they
// share by rows, each in an arena of its own, and sums over rows by the columns
// of x in xᵀ·g, for which they read each other's arenas in the order of the rows.
// So neither order nor bits of any number change. Between the two they wait for
// each other.

// segment is a run of instructions of a block that are all sums over rows, or
// all not.
type segment struct {
	ph       phase
	from, to int
	sums     bool
}

// segmentsOf cuts the instructions of a block.
func segmentsOf(phases *[4][]instr) []segment {
	var segments []segment
	for i, in := range phases[body] {
		if k := len(segments) - 1; k >= 0 && segments[k].sums == in.sums {
			segments[k].to = i + 1
		} else {
			segments = append(segments, segment{body, i, i + 1, in.sums})
		}
	}
	if n := len(phases[turns]); n > 0 {
		segments = append(segments, segment{turns, 0, n, false})
	}
	return segments
}

// together runs all units, each by a team.
func (f *frame[T]) together(crew *pool.Crew, beside func()) {
	most := (f.blocks + f.units - 1) / f.units // blocks of a unit
	for f.turn = range most {
		for i := range f.p.segments {
			f.segment = &f.p.segments[i]
			crew.EachBeside(f.units*f.team, f.share, beside)
			beside = nil
		}
	}
}

// shareRows is the unit of rows that a member of a team takes, if not of samples.
const shareRows = 8

// grain returns the unit of samples that a member takes.
func (p *Program[T]) grain() int {
	if p.half {
		return halfRows // whole blocks of the sums over rows
	}
	return max(1, shareRows/p.groups)
}

// doShare runs a member's share of a segment.
func (f *frame[T]) doShare(worker, i int) {
	u, part := i/f.team, i%f.team
	b := u*f.blocks/f.units + f.turn
	if b >= (u+1)*f.blocks/f.units {
		return
	}
	row, rows := f.rowsOf(b)
	s := stretch{worker: worker, lane: u, part: part, parts: f.team}
	for member := range f.team {
		if !f.segment.sums && member != part {
			continue
		}
		from, to := share(rows, f.p.grain(), member, f.team)
		if from == to {
			continue
		}
		s.arena, s.row, s.rows, s.first = u*f.team+member, row+from, to-from, f.turn == 0 && from == 0
		f.run(f.segment.ph, f.segment.from, f.segment.to, s)
	}
}

// share returns the part-th of parts of n things that are taken in grains.
func share(n, grain, part, parts int) (from, to int) {
	grains := (n + grain - 1) / grain
	return min(n, grain*(part*grains/parts)), min(n, grain*((part+1)*grains/parts))
}
