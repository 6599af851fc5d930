/* The likelihoods of `kernels.py` by hand: ratios of quadratic polynomials, split normals, two theory errors, curves.
 *
 * `numbers.h` is generated: N measured values in D coordinates, the tensors of bsfit's response, data, theory errors.
 * With PORTAL the coordinate follows from the couplings of the Z' portal, else couplings are the coordinates.
 */
#include <math.h>
#include "numbers.h"

#ifdef PORTAL
enum { G_X, LAMBDA_L_MU, LAMBDA_Q_B, LAMBDA_Q_S, M_L, M_Q, M_ZP, P };
#else
enum { P = D };
#endif

static inline __attribute__((always_inline)) double polynomial(const double *t, const double *z, double *slope)
{
    double value = t[0];
    for (int i = 0; i < D; i++) {
        double inner = 0.0;
        for (int j = 0; j < D; j++)
            inner += t[1 + D + D * i + j] * z[j];
        value += (t[1 + i] + 0.5 * inner) * z[i];
        slope[i] = t[1 + i] + inner;
    }
    return value;
}

static inline __attribute__((always_inline)) double ratio(const double *t, const double *z, double *slope)
{
    const int size = 1 + D + D * D;
    double up[D], down[D], numerator = polynomial(t, z, up), inverse = 1.0 / polynomial(t + size, z, down);
    double value = numerator * inverse;
    for (int i = 0; i < D; i++)
        slope[i] = (up[i] - value * down[i]) * inverse;
    return value;
}

/* r^T (e rho e + u u^T)^-1 r by the best nuisances x, and by the envelope theorem its slopes; `gradient` is known. */
static inline __attribute__((always_inline)) double density(const double *z, double *slope, int gradient)
{
    double y[N], w[2][N], inverse[N], bend[N], moved[N][D], rho_y[N], rho_w[2][N];
#pragma GCC unroll 16
    for (int i = 0; i < N; i++) {
        double r = ratio(RATIO[i], z, moved[i]) - CENTRAL[i];
        double t = HALF[i] == 0.0 ? 0.0 : tanh(r * INVERSE_WIDTH[i]);
        bend[i] = HALF[i] * INVERSE_WIDTH[i] * (1.0 - t * t);
        inverse[i] = 1.0 / (MEAN[i] + HALF[i] * t);
        y[i] = r * inverse[i];
        w[0][i] = SHIFT[i][0] * inverse[i];
        w[1][i] = SHIFT[i][1] * inverse[i];
    }
    double chi2 = 0.0, p0 = 0.0, p1 = 0.0, m00 = 1.0, m01 = 0.0, m11 = 1.0;
#pragma GCC unroll 16
    for (int i = 0; i < N; i++) {
        rho_y[i] = rho_w[0][i] = rho_w[1][i] = 0.0;
#pragma GCC unroll 16
        for (int j = 0; j < N; j++) {
            rho_y[i] += PRECISION[i][j] * y[j];
            rho_w[0][i] += PRECISION[i][j] * w[0][j];
            rho_w[1][i] += PRECISION[i][j] * w[1][j];
        }
        chi2 += y[i] * rho_y[i];
        p0 += w[0][i] * rho_y[i];
        p1 += w[1][i] * rho_y[i];
        m00 += w[0][i] * rho_w[0][i];
        m01 += w[0][i] * rho_w[1][i];
        m11 += w[1][i] * rho_w[1][i];
    }
    double determinant = 1.0 / (m00 * m11 - m01 * m01);
    double x0 = (m11 * p0 - m01 * p1) * determinant, x1 = (m00 * p1 - m01 * p0) * determinant;
    double total = NORM - 0.5 * (chi2 - p0 * x0 - p1 * x1);
    if (gradient)
#pragma GCC unroll 16
        for (int i = 0; i < N; i++) {
            double pull = rho_y[i] - rho_w[0][i] * x0 - rho_w[1][i] * x1;
            double left = y[i] - w[0][i] * x0 - w[1][i] * x1;
            double by_value = -pull * (1.0 - left * bend[i]) * inverse[i];
            for (int k = 0; k < D; k++)
                slope[k] += by_value * moved[i][k];
        }
#if CURVES
#pragma GCC unroll 16
    for (int i = 0; i < CURVES; i++) {
        double by[D], position = (ratio(RATIO[N + i], z, by) - START[i]) * INVERSE_STEP[i];
        double inside = fmin(fmax(position, 0.0), KNOTS * (1.0 - 1e-12));
        int k = (int)inside;
        double t = (inside - k) / INVERSE_STEP[i], beyond = (position - inside) / INVERSE_STEP[i];
        const double *c = SPLINE[i][k];
        double first = c[1] + t * (2.0 * c[2] + 3.0 * t * c[3]);
        double outside = beyond * INVERSE_CURVE_WIDTH[i];
        total += c[0] + t * (c[1] + t * (c[2] + t * c[3])) + first * beyond - 0.5 * outside * outside;
        if (gradient)
            for (int j = 0; j < D; j++)
                slope[j] += (first - outside * INVERSE_CURVE_WIDTH[i]) * by[j];
    }
#endif
    return total;
}

#ifdef PORTAL
/* Tree-level C10 of the muon = UNIT D_sb D_mumu / m_Zp^2, and its logarithmic slopes where couplings may vanish. */
static inline __attribute__((always_inline)) double coordinate(const double *x, double *slope)
{
    double z2 = x[M_ZP] * x[M_ZP], g2 = x[G_X] * x[G_X], mu2 = x[LAMBDA_L_MU] * x[LAMBDA_L_MU];
    double quarks = x[LAMBDA_Q_S] * x[LAMBDA_Q_S] + x[LAMBDA_Q_B] * x[LAMBDA_Q_B];
    double a = z2 / (8.0 * g2); /* v_phi^2/2 */
    double q = 1.0 / (x[M_Q] * x[M_Q] + a * quarks), l = 1.0 / (x[M_L] * x[M_L] + a * mu2);
    double common = 0.5 * UNIT * a * q * l, both = x[LAMBDA_Q_S] * x[LAMBDA_Q_B], value = common * both * mu2;
    double share = 1.0 - a * quarks * q - a * mu2 * l;
    slope[G_X] = -2.0 * value * share / x[G_X];
    slope[M_ZP] = 2.0 * value * share / x[M_ZP];
    slope[M_Q] = -2.0 * value * x[M_Q] * q;
    slope[M_L] = -2.0 * value * x[M_L] * l;
    slope[LAMBDA_L_MU] = 2.0 * common * both * x[LAMBDA_L_MU] * (1.0 - a * mu2 * l);
    slope[LAMBDA_Q_S] = common * mu2 * x[LAMBDA_Q_B] * (1.0 - 2.0 * a * q * x[LAMBDA_Q_S] * x[LAMBDA_Q_S]);
    slope[LAMBDA_Q_B] = common * mu2 * x[LAMBDA_Q_S] * (1.0 - 2.0 * a * q * x[LAMBDA_Q_B] * x[LAMBDA_Q_B]);
    return value;
}
#endif

static inline __attribute__((always_inline)) double at(const double *x, double *gradient, int wanted)
{
#ifdef PORTAL
    double by[P], z[D], slope[D] = { 0.0 };
    z[0] = coordinate(x, by);
    double value = density(z, slope, wanted);
    for (int k = 0; k < P; k++)
        gradient[k] = slope[0] * by[k];
    return value;
#else
    for (int k = 0; k < P; k++)
        gradient[k] = 0.0;
    return density(x, gradient, wanted);
#endif
}

/* Columns of n couplings one after another: gcc then computes eight points at a time. */
void value(long n, const double *restrict columns, double *restrict out)
{
#pragma omp parallel for simd schedule(static)
    for (long i = 0; i < n; i++) {
        double x[P], unused[P];
#pragma GCC unroll 16
        for (int k = 0; k < P; k++)
            x[k] = columns[k * n + i];
        out[i] = at(x, unused, 0);
    }
}

void value_and_gradient(long n, const double *restrict columns, double *restrict out, double *restrict slopes)
{
#pragma omp parallel for simd schedule(static)
    for (long i = 0; i < n; i++) {
        double x[P], gradient[P];
#pragma GCC unroll 16
        for (int k = 0; k < P; k++)
            x[k] = columns[k * n + i];
        out[i] = at(x, gradient, 1);
#pragma GCC unroll 16
        for (int k = 0; k < P; k++)
            slopes[k * n + i] = gradient[k];
    }
}
