package figure

import (
	"fmt"
	"image"
	"image/gif"
	"io"
	"time"
)

// Animation is a film: sheets of panels one after the other, again and again.
type Animation struct {
	Frames        [][][]Panel // rows of panels, as WritePNG takes them
	Width, Height int         // in pixels
	// Delay is how long a frame is shown, Pause how long the last one is; they
	// are kept in hundredths of a second.
	Delay, Pause time.Duration
	// Colors is the number of colours of all frames together, 2 to 256. Few
	// make a small file.
	Colors int
}

// WriteGIF writes the film to w. Errors and panics are those of WritePNG; it also
// panics when there is no frame and when Colors is outside 2 … 256.
func (a *Animation) WriteGIF(w io.Writer) error {
	if len(a.Frames) == 0 {
		panic("figure: Animation.Frames is empty")
	}
	if a.Colors < 2 || a.Colors > 256 {
		panic(fmt.Sprintf("figure: Animation.Colors is %d, want 2 to 256", a.Colors))
	}
	sheets := make([]image.Image, len(a.Frames))
	for i, rows := range a.Frames {
		var err error
		if sheets[i], err = sheet(rows, a.Width, a.Height); err != nil {
			return err
		}
	}
	film := gif.GIF{Image: reduce(a.Colors, sheets...)}
	film.Config = image.Config{ColorModel: film.Image[0].Palette, Width: a.Width, Height: a.Height}
	for i := range sheets {
		d := a.Delay
		if i == len(sheets)-1 {
			d = a.Pause
		}
		film.Delay = append(film.Delay, int(d/(10*time.Millisecond)))
	}
	return gif.EncodeAll(w, &film)
}
