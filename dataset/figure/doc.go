// Package figure draws pictures of samples and of functions on the plane: a
// sheet of panels with points, densities, score arrows, lines and small images,
// as one PNG, or several sheets in turn as a GIF.
//
// A picture is rows of Panels, and a Panel is layers between limits:
//
//	Points    samples, a disc each
//	HeatMap   a density, by colour; Density evaluates one on a grid
//	Arrows    a vector field such as a score; Grid gives places for them
//	Line      a curve, also on logarithmic axes, with a legend
//	Area      a polygon, such as the bars of a histogram
//	Images    rows of data as small grey images
//
// TableReport makes such a sheet of a table.Report; RankHistogram, ECDFDifference and
// CoverageCurve make panels of a calibration.Result. One unit is equally long along
// both axes, unless they are logarithmic or the panel may Stretch. The
// bytes of a picture depend on its input only, whatever the number of
// processors.
//
// It is the only library package that imports gonum.org/v1/plot, and no other
// one imports it: a program that does not draw builds without that module.
package figure
