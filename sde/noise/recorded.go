package noise

import (
	"fmt"

	"gonum.org/v1/gonum/mat"
)

// Key addresses a recorded matrix: one draw of a run, all its rows.
type Key struct {
	Purpose          Purpose
	Step, Slot, Part int
}

// Recorded replays normals that were drawn elsewhere: row r of the run is row
// r of the matrix. It ignores T and U, and is safe for concurrent use as long
// as nobody writes to it.
type Recorded map[Key]*mat.Dense

// Normal copies the recorded rows into dst. It panics, naming the address,
// when the draw was not recorded or has too few rows or another width.
func (s Recorded) Normal(dst *mat.Dense, at Draw) {
	rows, cols := dst.Dims()
	z, ok := s[Key{Purpose: at.Purpose, Step: at.Step, Slot: at.Slot, Part: at.Part}]
	if !ok {
		panic(fmt.Sprintf("noise: nothing recorded for purpose %d, step %d, slot %d", at.Purpose, at.Step, at.Slot))
	}
	if r, c := z.Dims(); at.Row < 0 || at.Row+rows > r || cols != c {
		panic(fmt.Sprintf("noise: rows %d to %d of width %d asked for, %d×%d recorded for purpose %d, step %d, slot %d",
			at.Row, at.Row+rows, cols, r, c, at.Purpose, at.Step, at.Slot))
	}
	for i := range rows {
		copy(dst.RawRowView(i), z.RawRowView(at.Row+i))
	}
}
