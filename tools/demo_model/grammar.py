"""Words and sentence templates of the demo model's small world: voice chat, appointments, weather."""

CITIES = ("北京", "上海", "广州", "深圳", "杭州", "南京", "成都", "武汉", "西安", "天津", "苏州", "重庆")
WEATHER = ("晴天", "多云", "小雨", "大雨", "下雪", "有风")
DAYS = (
    *("今天", "明天", "后天", "昨天", "下周", "这周"),
    *("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
)
PARTS_OF_DAY = ("早上", "上午", "中午", "下午", "晚上")
PLACES = (
    *("会议室", "办公室", "公司", "学校", "车站", "机场"),
    *("医院", "酒店", "图书馆", "咖啡店", "超市", "公园"),
)
PEOPLE = (
    *("我", "你", "他", "我们", "你们", "他们", "大家", "老师"),
    *("同事", "客户", "朋友", "经理", "医生", "妈妈", "爸爸"),
)
GOODS = ("冰箱", "电视", "手机", "电脑", "空调", "洗衣机", "音响", "键盘", "耳机", "相机")
FOOD = (
    *("米饭", "面条", "苹果", "牛奶", "鸡蛋", "面包"),
    *("咖啡", "茶", "水果", "蔬菜", "饺子", "牛肉"),
)
DRINKS = ("咖啡", "茶", "牛奶")
COUNTED_FOOD = ("苹果", "鸡蛋", "面包")
ACTIONS = ("打开", "关闭", "启动", "停止", "检查", "更新", "重启", "测试")
DEVICES = (
    *("麦克风", "摄像头", "服务器", "程序", "录音", "语音识别"),
    *("网络", "灯", "音乐", "文件", "系统", "数据库"),
)
DIGITS = ("零", "一", "二", "三", "四", "五", "六", "七", "八", "九")
TENS, HUNDREDS = "十", "百"
O_CLOCK, HALF, MINUTES = "点", "半", "分"

LOOSE_WORDS = (
    *CITIES,
    *WEATHER,
    *DAYS,
    *PARTS_OF_DAY,
    *PLACES,
    *PEOPLE,
    *GOODS,
    *FOOD,
    *ACTIONS,
    *DEVICES,
    *DIGITS,
)

GREETINGS = (
    "你好",
    "大家好",
    "早上好",
    "晚上好",
    "谢谢你的帮助",
    "再见",
    "没关系",
    "不客气",
    "对不起我来晚了",
)
SERVICE = (
    "你好我想投诉一个电器商家",
    "您好我是客服人员请详细说明您的情况",
    "我在二零{decade}{digit}年买了一台{goods}",
    "我的{goods}出现了故障",
    "这台{goods}现在不能用了",
    "{goods}多少钱一台",
    "好的我记录一下您的情况",
    "请问您需要什么帮助",
    "请问有什么问题",
    "我们会尽快处理",
    "我们会在{2..72}小时内给您回复",
)
NUMBERS = (
    "请提供您的电话号码",
    "我的电话号码是一{10 digits}",
    "我的电话是{8 digits}",
    "订单号是{4..10 digits}",
    "验证码是{code}",
    "{3..9 digits}",
    "{3..9 digits}",
    "{1..999}",
)
APPOINTMENTS = (
    "{day}{time}开会",
    "{day}{time}在{place}见面",
    "会议改到{day}{time}",
    "现在是{time}",
    "现在几点了",
    "{person}{day}有时间吗",
    "{person}在{place}等{person}",
    "{person}和{person}一起去{place}",
    "{person}不在{place}",
    "请给{person}发消息",
    "请给{person}打电话",
    "{person}说{day}{weather}",
)
COMMANDS = (
    "请{action}{device}",
    "{device}已经{action}了",
    "{person}正在{action}{device}",
    "能不能帮我{action}{device}",
)
WEATHER_AND_TRAVEL = (
    "{city}{day}{weather}气温{1..38}度",
    "{day}天气怎么样",
    "{city}的天气怎么样",
    "我要订{1..9}张去{city}的火车票",
    "我想从{city}去{city}",
    "{person}{day}去{city}",
    "从{place}到{place}怎么走",
)
ERRANDS = (
    "我想吃{food}和{food}",
    "{person}喜欢喝{drink}",
    "请买{2..20}个{counted_food}",
    "一共{1..999}元",
)
VOICE_CHAT = (
    "语音识别已经开始",
    "语音识别效果怎么样",
    "这是一个语音聊天程序",
    "请把音量调大一点",
    "请把音量调小一点",
    "你能听到我说话吗",
    "我听不清楚请再说一遍",
    "声音太小了",
    "声音很清楚",
    "消息发送成功",
    "消息发送失败请稍后再试",
    "网络连接断开了",
    "网络已经恢复",
    "服务器运行正常",
    "欢迎使用语音聊天",
    "聊天已经结束",
    "请开始说话",
)
TEMPLATES = (
    *GREETINGS,
    *SERVICE,
    *NUMBERS,
    *APPOINTMENTS,
    *COMMANDS,
    *WEATHER_AND_TRAVEL,
    *ERRANDS,
    *VOICE_CHAT,
)
