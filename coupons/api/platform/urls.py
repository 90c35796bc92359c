"""Routes of coupons on surface B."""

from django.urls import URLPattern, path

from coupons.api.platform.coupons import CouponsView, CouponView, DeactivateCouponView
from coupons.api.platform.redeeming import RedeemCouponView, ValidateCouponView

urlpatterns: list[URLPattern] = [
    path("coupons", CouponsView.as_view()),
    path("coupons/validate", ValidateCouponView.as_view()),
    path("coupons/redeem", RedeemCouponView.as_view()),
    path("coupons/<str:coupon_id>", CouponView.as_view()),
    path("coupons/<str:coupon_id>/deactivate", DeactivateCouponView.as_view()),
]
